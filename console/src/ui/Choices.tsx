/** Any of some values, with how many there are of each; for filters. */
import { Checkbox, CloseButton, Combobox, Group, InputBase, Text, useCombobox } from "@mantine/core";
import { useState } from "react";
import { common, useTexts, visible } from "@/i18n";
import classes from "./filter.module.css";
import type { Option } from "./filters.ts";

/** More than these have a field to find one in. */
const MANY = 8;
const MOST_SHOWN = 100;

export function Choices(props: { label: string; options: readonly Option[]; values: readonly string[]; onChange: (values: readonly string[]) => void }) {
  const { t, language } = useTexts(common);
  const { label, options, values, onChange } = props;
  const [typed, setTyped] = useState("");
  const searchable = options.length > MANY;
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setTyped("");
    },
    onDropdownOpen: () => {
      if (searchable) combobox.focusSearchInput();
      combobox.updateSelectedOptionIndex("active");
    },
  });
  const counts = new Intl.NumberFormat(language);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  // What is chosen stays to be seen, and to be taken back, when nothing is of it any more.
  const all = [...options.map((each) => ({ ...each, label: visible(each.label) })), ...values.filter((value) => options.every((each) => each.value !== value)).map((value): Option => ({ value, label: visible(value), count: 0 }))];
  const found = all.filter((each) => words.every((word) => each.label.toLowerCase().includes(word)));
  const first = all.find(({ value }) => value === values[0])?.label ?? "";
  const said = values.length === 0 ? "" : values.length === 1 ? first : `${first} +${values.length - 1}`;
  const clear = `${t("ui.clear")}: ${label}`;
  return (
    <Combobox
      store={combobox}
      // A page has many of them, with a hundred choices each: what is closed is not there.
      keepMounted={false}
      width="max-content"
      position="bottom-start"
      shadow="md"
      onOptionSubmit={(value) => onChange(values.includes(value) ? values.filter((each) => each !== value) : [...values, value])}
    >
      <Combobox.Target targetType="button" withAriaAttributes={false}>
        <InputBase
          component="button"
          type="button"
          pointer
          className={classes.choice ?? ""}
          classNames={{ input: classes.choiceField ?? "" }}
          data-set={values.length > 0 || undefined}
          aria-haspopup="listbox"
          aria-expanded={combobox.dropdownOpened}
          // Begins with what is to be seen, so that who says it aloud finds it.
          aria-label={said === "" ? label : `${said}. ${label}: ${values.map((value) => all.find((each) => each.value === value)?.label ?? value).join(", ")}`}
          rightSection={values.length > 0 ? <CloseButton size="sm" aria-label={clear} onClick={() => onChange([])} /> : <Combobox.Chevron />}
          rightSectionPointerEvents={values.length > 0 ? "all" : "none"}
          onClick={() => combobox.toggleDropdown()}
        >
          {said === "" ? (
            <span className={classes.placeholder}>{label}</span>
          ) : (
            <bdi>{said}</bdi>
          )}
        </InputBase>
      </Combobox.Target>
      <Combobox.Dropdown miw={220} maw={360}>
        {searchable ? <Combobox.Search value={typed} onChange={(event) => setTyped(event.currentTarget.value)} placeholder={t("ui.filter")} aria-label={`${t("ui.filter")}: ${label}`} /> : null}
        <Combobox.Options mah={300} style={{ overflowY: "auto" }} aria-label={label}>
          {found.length === 0 ? <Combobox.Empty>{t("ui.noneFound")}</Combobox.Empty> : null}
          {found.slice(0, MOST_SHOWN).map((each) => {
            const on = values.includes(each.value);
            return (
              <Combobox.Option key={each.value} value={each.value} active={on} aria-selected={on}>
                <Group gap="xs" wrap="nowrap">
                  <Checkbox size="xs" checked={on} readOnly tabIndex={-1} aria-hidden style={{ pointerEvents: "none" }} />
                  {each.icon}
                  <bdi className={classes.optionName}>{each.label}</bdi>
                  {each.count === undefined ? null : (
                    <Text span size="xs" c="dimmed" ml="auto" pl="md">
                      {counts.format(each.count)}
                    </Text>
                  )}
                </Group>
              </Combobox.Option>
            );
          })}
          {found.length > MOST_SHOWN ? <Combobox.Footer>{t("ui.moreFound", { n: found.length - MOST_SHOWN })}</Combobox.Footer> : null}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
