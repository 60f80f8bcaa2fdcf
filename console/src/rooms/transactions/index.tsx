import { IconBolt } from "@tabler/icons-react";
import { api, take } from "@/api";
import { useTexts } from "@/i18n";
import { currentFleet, type Fleet, useFleet } from "@/live";
import { navigate, pathOf } from "@/route";
import { type Command, page, type Room } from "../room.ts";
import { names } from "./names.ts";

const title = { en: "Transactions", de: "Ladevorgänge" };

function countOpen(fleet: Fleet): number {
  let open = 0;
  for (const row of fleet.rows) open += row.transactions_open;
  return open;
}

/** To the charge itself where there is one, else to those of the station. */
async function goToCharge(stationId: string): Promise<void> {
  const query = { station_id: stationId, state: "open", limit: 2 } as const;
  const { items } = await take(api.GET("/api/v1/transactions", { params: { query } }));
  const [only] = items;
  if (only !== undefined && items.length === 1) navigate(pathOf("transactions", only.station_id, only.id));
  else navigate(`/transactions?station=${encodeURIComponent(stationId)}&state=open`);
}

const MOST = 6;

function useCommands(typed: string): readonly Command[] {
  const { t } = useTexts(names);
  const word = typed.trim().toLowerCase().split(/\s+/)[0] ?? "";
  const commands: Command[] = [
    { id: "transactions.open", title: t("transactions.commandOpen"), words: "running charging laufende laden sitzung session", run: "/transactions?state=open" },
    { id: "transactions.suspect", title: t("transactions.commandSuspect"), words: "zombie suspect zweifelhaft odd", run: "/transactions?suspect=true" },
  ];
  if (word.length < 2) return commands;
  for (const row of currentFleet().rows) {
    if (row.transactions_open === 0 || !`${row.id} ${row.name}`.toLowerCase().includes(word)) continue;
    commands.unshift({
      id: `transactions.of.${row.id}`,
      title: t("transactions.commandOf", { station: row.id }),
      detail: t("transactions.commandOfDetail"),
      words: `${row.name} charge transaction stop unlock ladevorgang beenden entriegeln`,
      needs: "transactions:read",
      run: () => void goToCharge(row.id).catch(async (error: unknown) => (await import("@/ui")).failed(error)),
    });
    if (commands.length > MOST) break;
  }
  return commands;
}

export const room: Room = {
  id: "transactions",
  title,
  icon: IconBolt,
  needs: "transactions:read",
  nav: { order: 30, group: "network", key: "t" },
  ways: [
    { path: "/transactions", title, page: page(() => import("./List.tsx")) },
    { path: "/transactions/:station/:id", title, page: page(() => import("./Detail.tsx")) },
  ],
  useBadge: () => {
    const open = useFleet(countOpen);
    const { t } = useTexts(names);
    return open === 0 ? null : { count: open, tone: "calm", label: t("transactions.badge", { n: open }) };
  },
  useCommands,
};
