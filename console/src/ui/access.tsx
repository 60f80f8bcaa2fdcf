/** Roles and what they may, in words. */
import { Radio, Stack, Text } from "@mantine/core";
import { IconCheck, IconCrown, IconEye, type Icon, IconMinus, IconTool, IconUserCog } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, take } from "@/api";
import { inLanguages, speak, useTexts } from "@/i18n";
import { de } from "./access.de.ts";
import { en } from "./access.en.ts";
import classes from "./access.module.css";
import { type Role, ROLES, roleTexts } from "./roles.ts";

export const accessTexts = inLanguages({ en, de });

const ICONS: Readonly<Record<Role, Icon>> = { viewer: IconEye, technician: IconTool, operator: IconUserCog, admin: IconCrown };

/** A scope of a newer server, that these pages do not know, as it is. */
export function wordOfScope(scope: string): string {
  const key = `scope.${scope}`;
  return key in en ? speak(accessTexts).t(key as "scope.stations:read") : scope;
}

export function RoleName(props: { role: Role }) {
  const { t } = useTexts(roleTexts);
  const RoleIcon = ICONS[props.role];
  return (
    <span className={classes.role}>
      <RoleIcon size={16} stroke={1.8} aria-hidden />
      {t(`role.${props.role}`)}
    </span>
  );
}

/** One role, each with what it is for. may: those that may be given; others are not offered. */
export function RoleChoice(props: { label: string; value: Role; onChange: (role: Role) => void; roles?: readonly Role[]; disabled?: boolean }) {
  const { t } = useTexts(accessTexts);
  const { t: name } = useTexts(roleTexts);
  return (
    <Radio.Group label={props.label} value={props.value} onChange={props.onChange}>
      <Stack gap={6} mt={4}>
        {(props.roles ?? ROLES).map((role) => (
          <label key={role} className={classes.choice}>
            <Radio value={role} label={name(`role.${role}`)} description={t(`role.${role}.is`)} disabled={props.disabled ?? false} />
          </label>
        ))}
      </Stack>
    </Radio.Group>
  );
}

export function useRoles() {
  return useQuery({ queryKey: ["roles"], queryFn: () => take(api.GET("/api/v1/roles")), staleTime: Infinity });
}

/** What each role may, from the server itself, so that it is never another than what holds. mine: the reader's own. */
export function RolesTable(props: { mine?: Role | undefined }) {
  const { t } = useTexts(accessTexts);
  const { t: name } = useTexts(roleTexts);
  const roles = useRoles();
  const items = roles.data?.items ?? [];
  const scopes = [...new Set(items.flatMap((each) => each.scopes))].sort((a, b) => order(items, a) - order(items, b));
  if (items.length === 0) return null;
  return (
    <table className={classes.may}>
      <thead>
        <tr>
          <th scope="col">{t("access.permission")}</th>
          {items.map(({ role }) => (
            <th key={role} scope="col" className={role === props.mine ? classes.mine : undefined}>
              {name(`role.${role}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {scopes.map((scope) => (
          <tr key={scope}>
            <th scope="row">
              {wordOfScope(scope)}
              <Text span className={classes.scope ?? ""}>
                {scope}
              </Text>
            </th>
            {items.map(({ role, scopes: held }) => {
              const may = held.includes(scope);
              const Mark = may ? IconCheck : IconMinus;
              return (
                <td key={role} className={role === props.mine ? classes.mine : undefined}>
                  <Mark size={18} stroke={may ? 2.4 : 1.6} className={may ? classes.yes : classes.no} role="img" aria-label={may ? t("access.yes") : t("access.no")} />
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the most roles may comes first. */
function order(items: readonly { scopes: readonly string[] }[], scope: string): number {
  return -items.filter((each) => each.scopes.includes(scope)).length;
}
