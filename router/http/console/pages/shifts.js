// Shifts. An agent sees their own; supervisors plan, follow the day, and look back at attendance.
import { html, useState } from "../html.js";
import { desk, supervises } from "../state.js";
import { t } from "../words/index.js";
import { isDay, today } from "../parts/roster_days.js";
import { RosterFiles } from "../parts/roster_files.js";
import { RosterGrid } from "../parts/roster_grid.js";
import { useNames } from "../parts/shift_read.js";
import { Attendance } from "../parts/shift_attendance.js";
import { ShiftDay } from "../parts/shift_day.js";
import { ShiftDialog } from "../parts/shift_dialog.js";
import { MyShifts } from "../parts/shift_mine.js";

const VIEWS = { week: RosterGrid, day: ShiftDay, attendance: Attendance };

function Planning({ path }) {
  const names = useNames();
  const [open, setOpen] = useState(null); // {shift} or {agent, day}: what is changed or added
  const view = path[0] in VIEWS ? path[0] : "week";
  const day = isDay(path[1] || "") ? path[1] : today.value;
  const View = VIEWS[view];
  if (!names) return html`<p class="loading" role="status">${t("app.loading")}</p>`;
  return html`<div class="shifts" key=${desk.value}>
    <header class="shifts-top">
      <nav class="views" aria-label=${t("shifts.views")}>${Object.keys(VIEWS).map((id) => html`<a key=${id} href=${`#/shifts/${id}`}
        aria-current=${id === view ? "page" : undefined}>${t(`shifts.view.${id}`)}</a>`)}</nav>
      <div class="acts">
        <button type="button" onClick=${() => setOpen({ agent: "", day: day < today.value ? today.value : day })}>${t("shifts.add")}</button>
        <${RosterFiles} names=${names} day=${day} /></div>
    </header>
    <${View} names=${names} day=${day} onOpen=${setOpen} />
    ${open && html`<${ShiftDialog} names=${names} ...${open} onClose=${() => setOpen(null)} />`}
  </div>`;
}

export function Shifts({ path }) {
  return supervises.value ? html`<${Planning} path=${path} />` : html`<${MyShifts} />`;
}
