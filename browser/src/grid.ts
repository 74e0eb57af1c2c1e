// Tables that sort by a column; empty cells come last, whichever way.
const byWords = new Intl.Collator(undefined, { numeric: true });

export function makeSortable(table: HTMLTableElement): void {
  const headers = [...table.querySelectorAll<HTMLTableCellElement>("thead th")];
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const descends = header.ariaSort === "ascending";
      for (const each of headers) each.removeAttribute("aria-sort");
      header.ariaSort = descends ? "descending" : "ascending";
      sort(table, column, header.classList.contains("number"), descends);
    });
  });
}

function sort(table: HTMLTableElement, column: number, isNumber: boolean, descends: boolean): void {
  const body = table.tBodies[0];
  if (!body) return;
  const sign = descends ? -1 : 1;
  const keyed = [...body.rows].map((row) => {
    const cell = row.cells[column];
    return { row, key: cell?.dataset.key ?? cell?.textContent ?? "" };
  });
  keyed.sort((one, other) => {
    if (!one.key || !other.key) return Number(!one.key) - Number(!other.key);
    return sign * (isNumber ? Number(one.key) - Number(other.key) : byWords.compare(one.key, other.key));
  });
  body.append(...keyed.map(({ row }) => row));
}
