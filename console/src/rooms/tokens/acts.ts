/** What is done to tokens: at once where it can be taken back, asked first where it cannot. */
import { api, take } from "@/api";
import { speak } from "@/i18n";
import { confirm, done, doneWithUndo, failed, visible } from "@/ui";
import { type Group, refresh, removeToken, type Token } from "./queries.ts";
import { texts } from "./texts.ts";

async function put(value: string, blocked: boolean): Promise<void> {
  const params = { params: { path: { value } } };
  await take(blocked ? api.POST("/api/v1/tokens/{value}/block", params) : api.POST("/api/v1/tokens/{value}/unblock", params));
  refresh();
}

/** Block or let charge again, at once, and with a way back. */
export async function setBlocked(token: Token, blocked: boolean): Promise<void> {
  const { t } = speak(texts);
  try {
    await put(token.value, blocked);
  } catch (error) {
    failed(error);
    return;
  }
  const text = t(blocked ? "tokens.blockedDone" : "tokens.unblockedDone", { value: visible(token.value).slice(0, 40) });
  doneWithUndo(text, () => void put(token.value, !blocked).then(() => done(t("tokens.undone")), failed));
}

/** then: after it is gone. */
export function askRemove(token: Token, then: () => void): void {
  const { t } = speak(texts);
  const value = visible(token.value).slice(0, 40);
  confirm({
    title: t("tokens.removeAsk", { value }),
    text: t("tokens.removeText"),
    ...(token.running > 0 ? { blast: t("tokens.removeRunning", { n: token.running }) } : {}),
    action: t("tokens.remove"),
    danger: true,
    run: async () => {
      await removeToken(token.value);
      then();
      refresh();
      done(t("tokens.removed", { value }));
    },
  });
}

export async function setGroupBlocked(group: Group, blocked: boolean): Promise<void> {
  const { t } = speak(texts);
  const write = async (to: boolean): Promise<void> => {
    const { name, master } = group;
    await take(api.PUT("/api/v1/token-groups/{group_id}", { params: { path: { group_id: group.id } }, body: { name, master, blocked: to } }));
    refresh();
  };
  try {
    await write(blocked);
  } catch (error) {
    failed(error);
    return;
  }
  const what = { value: visible(group.name || group.id).slice(0, 40), n: group.members };
  doneWithUndo(t(blocked ? "groups.blockedDone" : "groups.unblockedDone", what), () => void write(!blocked).then(() => done(t("tokens.undone")), failed));
}

export function askRemoveGroup(group: Group): void {
  const { t } = speak(texts);
  confirm({
    title: t("groups.removeAsk", { name: visible(group.name || group.id).slice(0, 60) }),
    text: t("groups.removeText"),
    action: t("tokens.remove"),
    danger: true,
    run: async () => {
      await take(api.DELETE("/api/v1/token-groups/{group_id}", { params: { path: { group_id: group.id } } }));
      refresh();
    },
  });
}
