/**
 * A list of any length: sorted, chosen from, walked by keys; as cards on a phone. Only what is in view is rendered.
 *
 * Columns that do not fit are left out, the last first (a column with `keep` never): nothing scrolls sideways. The
 * column menu brings others in, and what was chosen is kept in this browser.
 */
import { ActionIcon, Button, Checkbox, Group, Menu, NativeSelect, Text, UnstyledButton } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconColumns3 } from "@tabler/icons-react";
import { useVirtualizer, useWindowVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent as ReactKeyboardEvent,
  memo,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useEffectEvent,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { common, useTexts } from "@/i18n";
import { navigate } from "@/route";
import { Skeletons } from "./basics.tsx";
import { useKept } from "./kept.ts";
import { usePrinting } from "./printing.ts";
import { Sorter } from "./sorting.ts";
import { PHONE, useMedia } from "./useMedia.ts";
import classes from "./table.module.css";

/**
 * sort     what the column is sorted by; null comes last either way. Without it the column cannot be sorted
 * min      px the column needs; grow: its share of what is left (default 1; 0: never wider than min)
 * keep     it is shown however narrow the page is
 * hidden   it is shown only to those who choose it
 * card     on phones: the card's title, beside the title, a line with its name (default), or not at all
 */
export interface Column<R> {
  id: string;
  title: string;
  cell: (row: R) => ReactNode;
  sort?: (row: R) => string | number | null | undefined;
  min?: number;
  grow?: number;
  align?: "start" | "end";
  keep?: boolean;
  hidden?: boolean;
  card?: "title" | "aside" | "line" | "none";
}

/**
 * id         of the table, for what is kept of it: "stations"
 * label      what it lists, for screen readers
 * columns    the same array as long as nothing changed: useMemo; `rowId` likewise, outside of the component
 * to         where a row leads; with Enter, or a click anywhere in it. onOpen instead of it: what a row does
 * sort       "id", or "-id" for descending; keep it in the address. Rows of the server's order: leave it out
 * selection  ids of rows that are chosen; with onSelection rows have boxes
 * more       rows come in pages: called when the end is near
 * height     px of a box of its own that scrolls; without it the page scrolls
 * beside     to the right above the table, before the column menu
 * primary    the one that j and k walk from anywhere on the page (default true)
 */
export interface TableProps<R> {
  id: string;
  label: string;
  rows: readonly R[];
  columns: readonly Column<R>[];
  rowId: (row: R) => string;
  to?: (row: R) => string;
  onOpen?: (row: R) => void;
  sort?: string;
  onSort?: (sort: string) => void;
  selection?: ReadonlySet<string>;
  onSelection?: (selection: ReadonlySet<string>) => void;
  more?: { has: boolean; loading: boolean; load: () => void };
  loading?: boolean;
  empty?: ReactNode;
  height?: number;
  rowHeight?: number;
  beside?: ReactNode;
  primary?: boolean;
  rowTone?: (row: R) => string | undefined;
}

const HEADER_PX = 56;
const BOX_PX = 40;
const NEAR_END = 20;
/** On A4, whose width nothing tells before it is printed; and as many rows as somebody would want on paper. */
const PAPER_PX = 690;
const PRINTED = 1000;

/** Pure. The columns that fit into a width: the last that need not be kept go first. */
export function fitting<R>(columns: readonly Column<R>[], width: number): readonly Column<R>[] {
  const shown = [...columns];
  const needed = (): number => shown.reduce((sum, column) => sum + (column.min ?? 110), 0);
  while (needed() > width) {
    const last = shown.findLastIndex((column) => column.keep !== true);
    if (last < 0) break;
    shown.splice(last, 1);
  }
  return shown;
}

const sorters = new Map<string, Sorter<never>>();

/** Of a table, and of its next showing: whoever comes back to a list of ten thousand finds most of it in order. */
function sorterOf<R>(id: string): Sorter<R> {
  let known = sorters.get(id);
  if (known === undefined) sorters.set(id, (known = new Sorter()));
  return known;
}

function isInteractive(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a,button,input,select,textarea,label,[role=menuitem]") !== null;
}

function tracks<R>(columns: readonly Column<R>[], boxes: boolean): string {
  const widths = columns.map((column) => {
    const min = column.min ?? 110;
    const grow = column.grow ?? 1;
    return grow === 0 ? `${min}px` : `minmax(${min}px, ${grow}fr)`;
  });
  return [...(boxes ? [`${BOX_PX}px`] : []), ...widths].join(" ");
}

interface RowProps<R> {
  row: R;
  id: string;
  domId: string;
  index: number;
  columns: readonly Column<R>[];
  template: string;
  selected: boolean;
  active: boolean;
  boxes: boolean;
  card: boolean;
  opens: boolean;
  tone: string | undefined;
  choose: (id: string, index: number, range: boolean) => void;
  open: (row: R, event: MouseEvent | null) => void;
  point: (index: number) => void;
  selectLabel: string;
}

function RowView<R>(props: RowProps<R>) {
  const { row, columns } = props;
  // The browser's own: one of Mantine's in each row costs more than all else of it.
  const box = props.boxes ? (
    <input
      type="checkbox"
      className={classes.check}
      checked={props.selected}
      tabIndex={-1}
      aria-label={props.selectLabel}
      onChange={() => undefined}
      onClick={(event) => {
        event.stopPropagation();
        props.choose(props.id, props.index, event.shiftKey);
      }}
    />
  ) : null;
  const clicked = (event: MouseEvent): void => {
    props.point(props.index);
    if (props.opens && !isInteractive(event.target) && getSelection()?.isCollapsed !== false) props.open(row, event);
  };
  if (props.card) {
    const line = columns.filter((column) => (column.card ?? "line") === "line");
    const place = (card: Column<R>["card"]) => columns.filter((column) => column.card === card);
    return (
      <div role="row" id={props.domId} aria-rowindex={props.index + 2} aria-selected={props.boxes ? props.selected : undefined} className={classes.card} data-active={props.active || undefined} data-tone={props.tone} onClick={clicked}>
        <div className={classes.cardHead}>
          {box === null ? null : <div role="gridcell">{box}</div>}
          {place("title").map((column) => (
            <div role="gridcell" key={column.id} className={classes.cardTitle}>
              {column.cell(row)}
            </div>
          ))}
          <div className={classes.cardAside} role="presentation">
            {place("aside").map((column) => (
              <div role="gridcell" key={column.id}>
                {column.cell(row)}
              </div>
            ))}
          </div>
        </div>
        <div className={classes.cardLines} role="presentation">
          {line.map((column) => {
            const value = column.cell(row);
            return value === null ? null : (
              <div role="gridcell" key={column.id} className={classes.cardLine}>
                <span className={classes.cardName}>{column.title}</span>
                <span className={classes.cardValue}>{value}</span>
              </div>
            );
          })}
        </div>
      </div>
    );
  }
  return (
    <div
      role="row"
      id={props.domId}
      aria-rowindex={props.index + 2}
      aria-selected={props.boxes ? props.selected : undefined}
      className={classes.row}
      data-active={props.active || undefined}
      data-opens={props.opens || undefined}
      data-tone={props.tone}
      style={{ gridTemplateColumns: props.template }}
      onClick={clicked}
    >
      {box === null ? null : (
        <div role="gridcell" className={classes.cell}>
          {box}
        </div>
      )}
      {columns.map((column) => (
        <div key={column.id} role="gridcell" className={classes.cell} data-align={column.align}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}

const Row = memo(RowView) as typeof RowView;

function Head<R>(props: {
  columns: readonly Column<R>[];
  template: string;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
  boxes: ReactNode;
  inBox: boolean;
}) {
  return (
    <div role="rowgroup" className={classes.head} data-box={props.inBox || undefined}>
      <div role="row" aria-rowindex={1} className={classes.headRow} style={{ gridTemplateColumns: props.template }}>
        {props.boxes}
        {props.columns.map((column) => {
          const { onSort } = props;
          const up = props.sort === column.id;
          const down = props.sort === `-${column.id}`;
          const can = column.sort !== undefined && onSort !== undefined;
          return (
            <div key={column.id} role="columnheader" aria-sort={up ? "ascending" : down ? "descending" : can ? "none" : undefined} className={classes.headCell} data-align={column.align}>
              {can ? (
                <UnstyledButton className={classes.sort ?? ""} onClick={() => onSort(up ? `-${column.id}` : column.id)}>
                  <span className={classes.headName}>{column.title}</span>
                  {up ? <IconArrowUp size={14} aria-hidden /> : down ? <IconArrowDown size={14} aria-hidden /> : null}
                </UnstyledButton>
              ) : (
                <span className={classes.headName}>{column.title}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

type Any = Virtualizer<Window, Element> | Virtualizer<HTMLDivElement, Element>;

export function VirtualTable<R>(props: TableProps<R>) {
  const { t } = useTexts(common);
  const { rowId, onSelection, more } = props;
  const prefix = useId();
  const printing = usePrinting();
  const narrow = useMedia(PHONE);
  // Paper is narrow too, and wants rows.
  const card = narrow && !printing;
  const rowHeight = card ? 132 : (props.rowHeight ?? 44);
  const { ref: sizeRef, width } = useElementSize();
  const [chosen, setChosen] = useKept<string[] | null>(`columns:${props.id}`, null);
  const boxes = onSelection !== undefined && !printing;
  const wanted = useMemo(
    () => props.columns.filter((column) => column.keep === true || (chosen === null ? column.hidden !== true : chosen.includes(column.id))),
    [props.columns, chosen],
  );
  const columns = useMemo(
    () => (card ? wanted.filter((column) => column.card !== "none") : fitting(wanted, (printing ? PAPER_PX : width || 1200) - (boxes ? BOX_PX : 0) - 16)),
    [card, wanted, width, boxes, printing],
  );
  const template = useMemo(() => tracks(columns, boxes), [columns, boxes]);
  const [sorter] = useState(() => sorterOf<R>(props.id));
  const sort = props.onSort === undefined ? undefined : props.sort;
  const rows = useMemo(() => {
    const down = sort?.startsWith("-") ?? false;
    const by = props.columns.find((column) => column.id === (down ? sort?.slice(1) : sort))?.sort;
    return by === undefined ? props.rows : sorter.sort(props.rows, rowId, by, down);
  }, [props.rows, props.columns, sort, sorter, rowId]);
  const [activeId, setActiveId] = useState<string | null>(null);
  const active = useMemo(() => (activeId === null ? -1 : rows.findIndex((row) => rowId(row) === activeId)), [rows, activeId, rowId]);
  const box = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const anchor = useRef<string | null>(null);

  const inBox = props.height !== undefined;
  const [margin, setMargin] = useState(0);
  const isEmpty = rows.length === 0;
  useLayoutEffect(() => {
    if (!inBox && grid.current !== null) setMargin(grid.current.getBoundingClientRect().top + scrollY);
  }, [inBox, isEmpty, card]);
  const shared = { count: rows.length, estimateSize: () => rowHeight, overscan: 8, getItemKey: (index: number) => rowId(rows[index] as R) };
  const ofWindow = useWindowVirtualizer({ ...shared, enabled: !inBox, scrollMargin: margin, scrollPaddingStart: HEADER_PX + 40 });
  const ofBox = useVirtualizer<HTMLDivElement, Element>({ ...shared, enabled: inBox, getScrollElement: () => box.current, scrollPaddingStart: card ? 0 : 40 });
  const virtual: Any = inBox ? ofBox : ofWindow;
  // Sizes that were measured of cards are none of rows: a tablet was turned.
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight]);
  const items = printing ? rows.slice(0, PRINTED).map((row, index) => ({ index, key: rowId(row), start: 0, size: rowHeight })) : virtual.getVirtualItems();
  const offset = inBox ? 0 : margin;

  const lastIndex = items.at(-1)?.index ?? 0;
  const load = useEffectEvent(() => more?.load());
  const wants = !printing && more !== undefined && more.has && !more.loading && lastIndex >= rows.length - NEAR_END;
  useEffect(() => {
    if (wants) load();
  }, [wants, rows.length]);

  const open = useEffectEventLike((row: R, event: MouseEvent | null) => {
    if (props.onOpen !== undefined) props.onOpen(row);
    else if (props.to !== undefined) {
      if (event !== null && (event.metaKey || event.ctrlKey)) window.open(props.to(row), "_blank", "noopener");
      else navigate(props.to(row));
    }
  });
  const choose = useEffectEventLike((id: string, index: number, range: boolean) => {
    if (onSelection === undefined) return;
    const next = new Set(props.selection);
    const from = anchor.current === null ? -1 : rows.findIndex((row) => rowId(row) === anchor.current);
    if (range && from >= 0) {
      for (const row of rows.slice(Math.min(from, index), Math.max(from, index) + 1)) next.add(rowId(row));
    } else if (!next.delete(id)) next.add(id);
    anchor.current = id;
    onSelection(next);
  });
  const point = useEffectEventLike((index: number) => {
    const row = rows[index];
    if (row !== undefined) setActiveId(rowId(row));
  });
  const move = (to: number): void => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[index];
    if (row === undefined) return;
    setActiveId(rowId(row));
    virtual.scrollToIndex(index);
  };
  const page = Math.max(1, Math.floor((props.height ?? innerHeight) / rowHeight) - 2);

  /** Whether the key was for us. */
  const pressed = (key: string, shift: boolean): boolean => {
    const row = rows[active];
    switch (key) {
      case "j":
      case "ArrowDown":
        move(active + 1);
        return true;
      case "k":
      case "ArrowUp":
        move(active < 0 ? 0 : active - 1);
        return true;
      case "Home":
        move(0);
        return true;
      case "End":
        move(rows.length - 1);
        return true;
      case "PageDown":
        move(active + page);
        return true;
      case "PageUp":
        move(active - page);
        return true;
      case "Enter":
        if (row !== undefined) open(row, null);
        return row !== undefined;
      case "x":
      case "X":
      case " ":
        if (row !== undefined && boxes) choose(rowId(row), active, shift);
        return row !== undefined && boxes;
      case "Escape":
        if (!boxes || props.selection === undefined || props.selection.size === 0) return false;
        onSelection(new Set());
        return true;
      default:
        return false;
    }
  };
  const onKeyDown = (event: ReactKeyboardEvent): void => {
    const isOwn = event.target === event.currentTarget;
    // Also from the buttons of its head: left to the browser, the way would be rolled along all the rows, and not always to its end.
    const jumps = /^(Home|End)$/.test(event.key) && event.target instanceof HTMLElement && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (!(isOwn || jumps) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!pressed(event.key, event.shiftKey)) return;
    event.preventDefault();
    if (!isOwn) grid.current?.focus({ preventScroll: true });
  };
  const fromAnywhere = useEffectEvent((event: KeyboardEvent) => {
    if (props.primary === false || !/^[jkxX]$|^Enter$/.test(event.key) || event.target !== document.body) {
      // Buttons and links keep their Enter; j, k and x are nobody else's.
      if (props.primary === false || !/^[jkxX]$/.test(event.key)) return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector('[role="dialog"]') !== null) return;
    if (target === grid.current) return;
    if (pressed(event.key, event.shiftKey)) {
      event.preventDefault();
      grid.current?.focus({ preventScroll: true });
    }
  });
  // As soon as the rows are there: whoever sees them may press a key.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent): void => fromAnywhere(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);

  const all = rows.length > 0 && boxes && rows.every((row) => props.selection?.has(rowId(row)));
  const some = boxes && !all && (props.selection?.size ?? 0) > 0;
  const selectAll = (
    <Checkbox
      size="xs"
      checked={all}
      indeterminate={some}
      aria-label={t("ui.selectAll", { n: rows.length })}
      onChange={() => onSelection?.(all ? new Set() : new Set(rows.map(rowId)))}
    />
  );
  const rendered = items.map((item) => {
    const row = rows[item.index];
    if (row === undefined) return null;
    const id = rowId(row);
    return (
      <div
        key={item.key}
        role="presentation"
        className={classes.place}
        data-index={item.index}
        ref={card ? virtual.measureElement : undefined}
        style={{ ...(printing ? { position: "static" } : { transform: `translateY(${item.start - offset}px)` }), ...(card ? {} : { height: item.size }) }}
      >
        <Row
          row={row}
          id={id}
          domId={`${prefix}${item.index}`}
          index={item.index}
          columns={columns}
          template={template}
          selected={props.selection?.has(id) ?? false}
          active={item.index === active}
          boxes={boxes}
          card={card}
          opens={props.to !== undefined || props.onOpen !== undefined}
          tone={props.rowTone?.(row)}
          choose={choose}
          open={open}
          point={point}
          selectLabel={t("ui.select", { what: id })}
        />
      </div>
    );
  });
  const sortable = props.columns.filter((column) => column.sort !== undefined);
  return (
    <div ref={sizeRef} className={classes.table}>
      <Group justify="space-between" mb={6} gap="xs" className="no-print" mih={30}>
        <Text size="sm" c="dimmed" role="status">
          {props.selection !== undefined && props.selection.size > 0 ? t("ui.selected", { n: props.selection.size }) : t(more?.has === true ? "ui.rowsMore" : "ui.rows", { n: rows.length })}
        </Text>
        <Group gap="xs">
          {props.beside}
          {card && props.onSort !== undefined && sortable.length > 0 ? (
            <NativeSelect
              size="xs"
              aria-label={t("ui.sortBy")}
              value={props.sort ?? ""}
              onChange={(event) => props.onSort?.(event.currentTarget.value)}
              data={sortable.flatMap((column) => [
                { value: column.id, label: `${column.title} ↑` },
                { value: `-${column.id}`, label: `${column.title} ↓` },
              ])}
            />
          ) : null}
          {card && boxes ? selectAll : null}
          <Menu closeOnItemClick={false}>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={t("ui.columns")} title={t("ui.columns")}>
                <IconColumns3 size={18} stroke={1.7} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{t("ui.columns")}</Menu.Label>
              {props.columns.map((column) => {
                const on = wanted.includes(column);
                return (
                  <Menu.Item
                    key={column.id}
                    role="menuitemcheckbox"
                    aria-checked={on}
                    disabled={column.keep === true}
                    leftSection={<Checkbox size="xs" checked={on} readOnly tabIndex={-1} aria-hidden />}
                    onClick={() => {
                      const ids = wanted.map((each) => each.id);
                      setChosen(on ? ids.filter((each) => each !== column.id) : [...ids, column.id]);
                    }}
                  >
                    {column.title}
                  </Menu.Item>
                );
              })}
              <Menu.Divider />
              <Menu.Item onClick={() => setChosen(null)}>{t("ui.columnsReset")}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      {props.loading === true && rows.length === 0 ? (
        <Skeletons rows={8} height={rowHeight - 8} />
      ) : rows.length === 0 ? (
        props.empty
      ) : (
        <div ref={box} className={inBox ? classes.box : undefined} style={inBox && !printing ? { height: props.height } : undefined}>
          <div
            ref={grid}
            role="grid"
            tabIndex={0}
            className={classes.grid}
            aria-label={`${props.label}. ${t("ui.tableKeys")}`}
            aria-rowcount={more?.has === true ? -1 : rows.length + 1}
            aria-multiselectable={boxes || undefined}
            aria-activedescendant={items.some((item) => item.index === active) ? `${prefix}${active}` : undefined}
            onKeyDown={onKeyDown}
          >
            {card ? null : (
              <Head
                columns={columns}
                template={template}
                sort={props.sort}
                onSort={props.onSort}
                inBox={inBox}
                boxes={
                  boxes ? (
                    <div role="columnheader" className={classes.headCell}>
                      {selectAll}
                    </div>
                  ) : null
                }
              />
            )}
            <div role="rowgroup" className={classes.body} style={printing ? undefined : { height: virtual.getTotalSize() }}>
              {rendered}
            </div>
          </div>
          {more?.has === true ? (
            <Group justify="center" p="sm">
              <Button variant="subtle" size="compact-sm" loading={more.loading} onClick={more.load}>
                …
              </Button>
            </Group>
          ) : null}
        </div>
      )}
    </div>
  );
}

/** The same function for ever, which calls the newest: rows that did not change are not rendered again for it. */
function useEffectEventLike<A extends unknown[]>(call: (...given: A) => void): (...given: A) => void {
  const newest = useRef(call);
  useLayoutEffect(() => {
    newest.current = call;
  });
  return useCallback((...given: A) => newest.current(...given), []);
}
