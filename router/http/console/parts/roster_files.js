// The roster as a file: taken in, given out, and an empty one to fill in.
import { html, useState } from "../html.js";
import { desk } from "../state.js";
import { t } from "../words/index.js";
import { Menu } from "./menu.js";
import { DAY_MS, midnight, moment, monday } from "./roster_days.js";
import { RosterImport, templateAddress } from "./roster_import.js";

export function RosterFiles({ names, day }) {
  const [importing, setImporting] = useState(false);
  const from = midnight(monday(day));
  const address = (format) => `/v1/roster/export?${new URLSearchParams({ desk: desk.value, from: moment(from), to: moment(from + 7 * DAY_MS), format })}`;
  return html`<button type="button" class="first" onClick=${() => setImporting(true)}>${t("shifts.import")}</button>
    <${Menu} class="files" label=${t("shifts.export")}>
      <a href=${address("xlsx")} download>${t("shifts.export.xlsx")}</a>
      <a href=${address("csv")} download>${t("shifts.export.csv")}</a>
      <a href=${templateAddress()} download>${t("shifts.template")}</a>
    <//>
    ${importing && html`<${RosterImport} names=${names} onClose=${() => setImporting(false)} />`}`;
}
