/** What the server finds that is not in memory: sites, tokens, transactions, people. */
import { api, take } from "@/api";
import { format } from "@/i18n";
import { pathOf } from "@/route";

export interface Found {
  kind: "site" | "token" | "transaction" | "person";
  title: string;
  detail: string;
  to: string;
}

const MOST = 30;

export async function find(typed: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { items } = await take(api.GET("/api/v1/search", { params: { query: { q: typed.slice(0, 100), limit: MOST } }, signal }));
  return items.flatMap((hit): Found[] => {
    const { kind, id, title, also } = hit;
    switch (kind) {
      case "site":
        return [{ kind, title, detail: also, to: pathOf("sites", id) }];
      case "token":
        return [{ kind, title, detail: also, to: pathOf("tokens", id) }];
      case "transaction": {
        const detail = [hit.station_id, also, hit.at === null ? "" : format.time(new Date(hit.at))].filter(Boolean).join(" · ");
        return hit.station_id === null ? [] : [{ kind, title, detail, to: pathOf("transactions", hit.station_id, id) }];
      }
      case "person":
        return [{ kind, title, detail: also, to: `/people?q=${encodeURIComponent(also || title)}` }];
      case "station":
        // The fleet in memory has them, in the state they are in now.
        return [];
    }
  });
}
