/** The rooms of the console. To add one: a folder, and a line here. Order does not matter; `nav.order` does. */
import { audit, events } from "./journal/index.tsx";
import { room as certificates } from "./certificates/index.tsx";
import { room as conformance } from "./conformance/index.tsx";
import { inbox, newStation, room as stations } from "./stations/index.tsx";
import { room as firmware } from "./firmware/index.tsx";
import { room as keys } from "./keys/index.tsx";
import { room as overview } from "./overview/index.tsx";
import { room as password } from "./password/index.tsx";
import { room as people } from "./people/index.tsx";
import { room as profile } from "./profile/index.tsx";
import { room as sites } from "./sites/index.tsx";
import { room as station } from "./station/index.tsx";
import { room as tariffs } from "./tariffs/index.tsx";
import { room as templates } from "./templates/index.tsx";
import { room as tokens } from "./tokens/index.tsx";
import { room as transactions } from "./transactions/index.tsx";
import type { Room } from "./room.ts";

export const rooms: readonly Room[] = [audit, events, inbox, newStation, stations, certificates, conformance, firmware, keys, overview, password, people, profile, sites, station, tariffs, templates, tokens, transactions];
