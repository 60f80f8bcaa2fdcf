import { IconKey } from "@tabler/icons-react";
import { page, type Room } from "../room.ts";

const title = { en: "Password", de: "Passwort" };

export const room: Room = {
  id: "password",
  title,
  icon: IconKey,
  needs: null,
  ways: [{ path: "/password", title, page: page(() => import("./Page.tsx")) }],
};
