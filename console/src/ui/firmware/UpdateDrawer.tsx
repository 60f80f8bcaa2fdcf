/** One update, step by step. */
import { Anchor, Drawer, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { common, useTexts } from "@/i18n";
import { Link, pathOf } from "@/route";
import { Actor } from "@/ui/words/Actor.tsx";
import { Age, Id, SafeText, Skeletons, Time, Trouble } from "../basics.tsx";
import { Facts } from "../Facts.tsx";
import { UpdateTag } from "./looks.tsx";
import { texts } from "./texts.ts";
import classes from "./update.module.css";
import { useUpdate } from "./updates.ts";

function Inside(props: { id: number }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const found = useUpdate(props.id);
  if (found.isError && found.data === undefined) return <Trouble error={found.error} retry={() => void found.refetch()} />;
  if (found.data === undefined) return <Skeletons rows={6} />;
  const update = found.data;
  return (
    <Stack gap="lg">
      <Group gap="sm">
        <UpdateTag state={update.state} />
        <Text size="sm" c="dimmed" component="div">
          <Age at={update.changed_at ?? update.asked_at} />
        </Text>
      </Group>
      {update.reason === "" ? null : (
        <div className={classes.reason} data-tone={update.state === "failed" || update.state === "refused" ? "bad" : "wait"}>
          <SafeText text={update.reason} most={400} />
        </div>
      )}
      <Facts
        rows={[
          [t("update.station"), <Id key="station" id={update.station_id} to={pathOf("stations", update.station_id, "firmware")} copy />],
          [t("update.fromTo"), <span key="versions"><SafeText text={update.from_version || "?"} most={50} /> → <SafeText text={update.version} most={50} /></span>],
          [t("update.said"), update.said === "" ? null : <SafeText key="said" text={update.said} most={60} />],
          [t("update.checks"), update.signed === null ? null : words(update.signed ? "ui.yes" : "ui.no")],
          [t("update.fetchAt"), update.retrieve_at === null ? null : <Time key="fetch" at={update.retrieve_at} />],
          [t("update.installAt"), update.install_at === null ? null : <Time key="install" at={update.install_at} />],
          [t("update.fetched"), update.fetched_at === null ? null : <Time key="fetched" at={update.fetched_at} />],
          [t("update.cameBack"), update.booted_version === "" ? null : <SafeText key="booted" text={update.booted_version} most={60} />],
          [t("update.givenUp"), <Time key="deadline" at={update.deadline} />],
          [t("update.by"), <Actor key="who" name={update.actor} most={60} />],
          [
            t("update.campaign"),
            update.campaign_id === "" ? null : (
              <Anchor key="campaign" component={Link} size="sm" to={pathOf("firmware", "campaigns", update.campaign_id)}>
                {t("update.toCampaign")}
              </Anchor>
            ),
          ],
        ]}
      />
      <div>
        <Text fw={600} mb="xs">
          {t("update.steps")}
        </Text>
        {update.steps.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("update.noSteps")}
          </Text>
        ) : (
          <ol className={classes.steps}>
            {update.steps.map((step, index) => (
              <li key={index}>
                <Time at={step.at} style="seconds" />
                <span>
                  <strong>
                    <SafeText text={step.status} most={60} />
                  </strong>
                  {step.detail === "" ? null : (
                    <>
                      {" "}
                      <SafeText text={step.detail} most={200} />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </Stack>
  );
}

export function UpdateDrawer(props: { id: number | null; close: () => void }) {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const [shown, setShown] = useState(props.id);
  if (props.id !== null && props.id !== shown) setShown(props.id);
  return (
    <Drawer opened={props.id !== null} onClose={props.close} onExitTransitionEnd={() => setShown(null)} position="right" size="md" title={t("update.updateTitle")} closeButtonProps={{ "aria-label": words("app.close") }}>
      {shown === null ? null : <Inside id={shown} />}
    </Drawer>
  );
}
