import { Button, Paper, PasswordInput, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, currentSession, signedIn, take, useWho } from "@/api";
import { common, useTexts } from "@/i18n";
import { navigate } from "@/route";
import { done, PageHeader, Trouble } from "@/ui";
import { texts } from "./texts.ts";

export default function PasswordPage() {
  const { t } = useTexts(texts);
  const { t: words } = useTexts(common);
  const who = useWho();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const needsOld = !who.may_choose_password;
  const keep = useMutation({
    mutationFn: () =>
      take(api.PUT("/api/v1/session/password", { body: { new: fresh, ...(needsOld ? { old } : {}) } })),
    onSuccess: async () => {
      done(t("password.done"));
      if (currentSession().is === "in") signedIn(await take(api.GET("/api/v1/session")));
      navigate("/");
    },
  });
  return (
    <>
      <PageHeader title={t("password.title")} />
      <Paper withBorder p="lg" maw={440}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            keep.mutate();
          }}
        >
          <Stack>
            {needsOld ? null : <Text c="dimmed">{t("password.link")}</Text>}
            {keep.isError ? <Trouble error={keep.error} /> : null}
            {/* For password managers: whose password it is. */}
            <input type="text" name="username" autoComplete="username" value={who.person?.login ?? who.name} readOnly hidden />
            {needsOld ? (
              <PasswordInput
                label={t("password.old")}
                autoComplete="current-password"
                visibilityToggleButtonProps={{ "aria-label": words("ui.showPassword") }}
                required
                value={old}
                onChange={(event) => setOld(event.currentTarget.value)}
              />
            ) : null}
            <PasswordInput
              label={t("password.new")}
              description={t("password.rule")}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ "aria-label": words("ui.showPassword") }}
              required
              minLength={15}
              value={fresh}
              onChange={(event) => setFresh(event.currentTarget.value)}
            />
            <Button type="submit" loading={keep.isPending}>
              {t("password.keep")}
            </Button>
            <Text c="dimmed" size="sm">
              {t("password.others")}
            </Text>
          </Stack>
        </form>
      </Paper>
    </>
  );
}
