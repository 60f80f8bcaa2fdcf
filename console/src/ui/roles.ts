/** The names of roles, which the first page needs already. */
import type { Schema } from "@/api";
import { inLanguages, speak } from "@/i18n";

export type Role = Schema<"Role">;
export const ROLES: readonly Role[] = ["viewer", "technician", "operator", "admin"];

const en = {
  "role.viewer": "Viewer",
  "role.technician": "Technician",
  "role.operator": "Operator",
  "role.admin": "Administrator",
} as const;

export const roleTexts = inLanguages({
  en,
  de: {
    "role.viewer": "Nur lesen",
    "role.technician": "Technik",
    "role.operator": "Betrieb",
    "role.admin": "Administration",
  },
});

/** A role that these pages do not know, as it is. */
export function wordOfRole(role: string): string {
  const key = `role.${role}`;
  return key in en ? speak(roleTexts).t(key as "role.viewer") : role;
}
