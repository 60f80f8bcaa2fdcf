export { RequestTag, SIGNING_USES, StandingTag, USES } from "./looks.tsx";
export { texts as certificateTexts } from "./texts.ts";
