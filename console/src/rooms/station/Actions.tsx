/** What one can do with the station as a whole: the menu in its header, and the dialogs that the address opens (`?do=`). */
import { Button, Group, Menu } from "@mantine/core";
import {
  IconBolt,
  IconCertificate,
  IconChevronDown,
  IconKey,
  IconLock,
  IconLockOpen,
  IconPencil,
  IconPlayerPlay,
  IconPower,
  IconRefresh,
  IconRefreshAlert,
  IconTrash,
} from "@tabler/icons-react";
import { lazy, memo, Suspense, useEffect, useEffectEvent } from "react";
import { queries, useMay } from "@/api";
import { useTexts } from "@/i18n";
import { navigate, useFilters } from "@/route";
import { failed } from "@/ui";
import { acceptStation, askAvailability, askEnabled, askRemove, askReset } from "./asking.tsx";
import { type Detail, keys, useOpen } from "./data.ts";
import { texts } from "./texts.ts";

const Edit = lazy(() => import("./Edit.tsx"));
const Password = lazy(() => import("./Password.tsx"));
const Certificates = lazy(() => import("./Certificates.tsx"));
const Start = lazy(() => import("./Start.tsx"));

const NONE = { do: "", evse: "" } as const;

export function useDoing() {
  return useFilters<"do" | "evse">(NONE);
}

/** Whether the whole station was taken out of service, as far as it told. */
export function isOut(detail: Detail): boolean {
  const whole = detail.connectors.find((each) => each.evse === 0);
  if (whole !== undefined) return whole.status === "Unavailable";
  return detail.connectors.length > 0 && detail.connectors.every((each) => each.status === "Unavailable");
}

function ActionsView(props: { detail: Detail; state: string }) {
  const { t } = useTexts(texts);
  const may = useMay();
  const { detail } = props;
  const { id } = detail;
  const open = useOpen(id).data ?? [];
  const [doing, setDoing] = useDoing();
  const close = (): void => setDoing({ do: "", evse: "" });
  const connected = detail.link.connected;
  const asks = may("stations:command");
  const writes = may("stations:write");
  const out = isOut(detail);

  // From the palette: what needs a question opens it once, and leaves the address as it was.
  const begin = useEffectEvent((what: string) => {
    if (what === "reset" && asks) askReset(detail, open, false);
    else if (what === "availability" && asks) askAvailability(detail, open, out);
    else return;
    close();
  });
  useEffect(() => begin(doing.do), [doing.do]);

  if (!asks && !writes) return null;
  return (
    <>
      {asks ? (
        <Button leftSection={<IconPlayerPlay size={16} />} disabled={!connected} onClick={() => setDoing({ do: "start" })}>
          {t("station.start.do")}
        </Button>
      ) : null}
      <Menu width={290}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} />}>
            {t("station.actions")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {asks ? (
            <>
              <Menu.Label>{connected ? t("station.actions.ask") : t("station.actions.away")}</Menu.Label>
              <Menu.Item disabled={!connected} leftSection={<IconRefresh size={16} />} onClick={() => askReset(detail, open, false)}>
                {t("station.reset.idleItem")}
              </Menu.Item>
              <Menu.Item disabled={!connected} leftSection={<IconRefreshAlert size={16} />} onClick={() => askReset(detail, open, true)}>
                {t("station.reset.nowItem")}
              </Menu.Item>
              {out ? (
                <Menu.Item disabled={!connected} leftSection={<IconBolt size={16} />} onClick={() => askAvailability(detail, open, true)}>
                  {t("station.availability.doIn")}
                </Menu.Item>
              ) : (
                <Menu.Item disabled={!connected} leftSection={<IconPower size={16} />} onClick={() => askAvailability(detail, open, false)}>
                  {t("station.availability.doOut")}
                </Menu.Item>
              )}
            </>
          ) : null}
          {writes ? (
            <>
              <Menu.Label>{t("station.actions.registry")}</Menu.Label>
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setDoing({ do: "edit" })}>
                {t("station.edit.do")}
              </Menu.Item>
              <Menu.Item leftSection={<IconKey size={16} />} onClick={() => setDoing({ do: "password" })}>
                {t("station.password.do")}
              </Menu.Item>
              <Menu.Item leftSection={<IconCertificate size={16} />} onClick={() => setDoing({ do: "certificates" })}>
                {t("station.certificates.do")}
              </Menu.Item>
              {detail.policy === "Accepted" ? null : (
                <Menu.Item leftSection={<IconLockOpen size={16} />} onClick={() => void acceptStation(detail).catch(failed)}>
                  {t("station.accept.do")}
                </Menu.Item>
              )}
              <Menu.Item leftSection={detail.enabled ? <IconLock size={16} /> : <IconLockOpen size={16} />} onClick={() => askEnabled(detail, open, !detail.enabled)}>
                {t(detail.enabled ? "station.disable.do" : "station.enable.do")}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item
                color="var(--mantine-color-error)"
                leftSection={<IconTrash size={16} />}
                onClick={() =>
                  askRemove(detail, open, () => {
                    queries.removeQueries({ queryKey: keys.all(id) });
                    navigate("/stations");
                  })
                }
              >
                {t("station.remove.do")}
              </Menu.Item>
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      <Suspense fallback={<Group />}>
        {doing.do === "edit" && writes ? <Edit detail={detail} close={close} /> : null}
        {doing.do === "password" && writes ? <Password detail={detail} close={close} /> : null}
        {doing.do === "certificates" && writes ? <Certificates detail={detail} close={close} /> : null}
        {doing.do === "start" && asks ? <Start detail={detail} open={open} evse={doing.evse === "" ? null : Number(doing.evse)} close={close} /> : null}
      </Suspense>
    </>
  );
}

/** The same from tab to tab. */
export const Actions = memo(ActionsView);
