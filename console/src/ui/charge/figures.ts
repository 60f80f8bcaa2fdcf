/**
 * Power, energy and state of charge of running transactions, as live events tell them: each is subscribed to by its own
 * key, so that a page of a thousand renders the three cells that changed.
 */
import { useCallback, useSyncExternalStore } from "react";
import type { Schema } from "@/api";
import { onHappenings, onResync } from "@/live";

/** The client's types know no tuples. */
export type Transaction = Omit<Schema<"TransactionOut">, "missing_reports"> & { readonly missing_reports: readonly (readonly number[])[] };

/** heardAt: by the server's clock, in ms. */
export interface Figures {
  readonly power_w: number | null;
  readonly energy_wh: number | null;
  readonly soc_percent: number | null;
  readonly charging_state: string;
  readonly heardAt: number;
}

const told = new Map<string, Figures>();
const listeners = new Map<string, Set<() => void>>();
let started = false;

/** What no event has told anew is the same object each time. */
const fromDocuments = new WeakMap<Transaction, Figures>();

export function keyOf(stationId: string, id: string): string {
  return `${stationId}\n${id}`;
}

/** Of a row of a list: outside of components, as VirtualTable wants it. */
export function rowKey(transaction: Transaction): string {
  return keyOf(transaction.station_id, transaction.id);
}

function start(): void {
  if (started) return;
  started = true;
  onHappenings((happenings) => {
    const changed = new Set<string>();
    for (const { name, data } of happenings) {
      if (name === "transaction.updated") {
        const key = keyOf(data.station_id, data.transaction_id);
        const { power_w, energy_wh, soc_percent, charging_state } = data;
        told.set(key, { power_w, energy_wh, soc_percent, charging_state, heardAt: Date.parse(data.at) });
        changed.add(key);
      } else if (name === "transaction.ended") {
        const key = keyOf(data.station_id, data.transaction_id);
        if (told.delete(key)) changed.add(key);
      }
    }
    for (const key of changed) for (const listener of listeners.get(key) ?? []) listener();
  });
  onResync(() => {
    told.clear();
    for (const each of listeners.values()) for (const listener of each) listener();
  });
}

function ofDocument(transaction: Transaction): Figures {
  let made = fromDocuments.get(transaction);
  if (made === undefined) {
    const { power_w, energy_wh, soc_percent, charging_state, heard_at } = transaction;
    made = { power_w, energy_wh, soc_percent, charging_state: charging_state ?? "", heardAt: Date.parse(heard_at) };
    fromDocuments.set(transaction, made);
  }
  return made;
}

/** The newest of what the document and the events say. */
export function figuresOf(transaction: Transaction): Figures {
  const document = ofDocument(transaction);
  if (transaction.ended_at !== null) return document;
  const live = told.get(rowKey(transaction));
  return live !== undefined && live.heardAt >= document.heardAt ? live : document;
}

export function useFigures(transaction: Transaction): Figures {
  const key = rowKey(transaction);
  const subscribe = useCallback(
    (listener: () => void) => {
      start();
      let mine = listeners.get(key);
      if (mine === undefined) listeners.set(key, (mine = new Set()));
      mine.add(listener);
      return () => {
        mine.delete(listener);
        if (mine.size === 0) listeners.delete(key);
      };
    },
    [key],
  );
  return useSyncExternalStore(subscribe, () => figuresOf(transaction));
}
