/** What waits until it is called for: dialogs and toasts. Loaded when the first page stands, so that it is there when it is. */
import { Notifications } from "@mantine/notifications";
import "@mantine/notifications/styles.layer.css";
import { ConfirmHost } from "@/ui/ConfirmHost.tsx";
import { Help } from "./Help.tsx";
import Palette from "./Palette.tsx";
import { ConfirmAgain, SignInAgain } from "./SignIn.tsx";

export default function Later(props: { help: boolean; closeHelp: () => void }) {
  return (
    <>
      <Notifications position="bottom-right" />
      <Palette />
      <Help opened={props.help} close={props.closeHelp} />
      <ConfirmHost />
      <SignInAgain />
      <ConfirmAgain />
    </>
  );
}
