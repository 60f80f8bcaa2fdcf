import { Modal } from "@mantine/core";
import { Fragment } from "react";
import { useMay } from "@/api";
import { common, useTexts } from "@/i18n";
import { rooms } from "@/rooms/index.ts";
import { isApple, Keys } from "./Keys.tsx";
import classes from "./shell.module.css";

export function Help(props: { opened: boolean; close: () => void }) {
  const { t, language } = useTexts(common);
  const may = useMay();
  const list: [string, string][] = [
    [isApple ? "⌘ K" : "Ctrl K", t("help.find")],
    ["/", t("help.filter")],
    ["j", t("help.down")],
    ["k", t("help.up")],
    ["Enter", t("help.open")],
    ["x", t("help.select")],
    ["Esc", t("help.back")],
    ["?", t("help.this")],
    ...rooms
      .filter((room) => room.nav !== undefined && may(room.needs))
      .sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0))
      .map((room): [string, string] => [`g ${room.nav?.key ?? ""}`, t("help.goTo", { room: room.title[language] })]),
  ];
  return (
    <Modal opened={props.opened} onClose={props.close} title={t("help.title")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <dl className={classes.shortcuts}>
        {list.map(([keys, what]) => (
          <Fragment key={keys}>
            <dt>
              <Keys keys={keys} />
            </dt>
            <dd style={{ margin: 0 }}>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Modal>
  );
}
