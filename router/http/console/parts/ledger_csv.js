// What is listed as a file for a spreadsheet: UTF-8 with a mark, so that Excel reads it.
const MAY_CALCULATE = /^[=+\-@\t\r]/; // a spreadsheet would take such a text for a formula

function cell(value) {
  if (typeof value === "number") return String(value);
  const text = MAY_CALCULATE.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function saveCsv(name, rows) {
  const text = rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const STAMP = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium",
});
// 2026-11-21 16:05:00, in Beijing.
export const stamp = (time) => (time ? STAMP.format(new Date(time)) : "");
