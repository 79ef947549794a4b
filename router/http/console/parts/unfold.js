// A long list shows its beginning, and says how much more there is: that unfolds it. `wanted(one)`:
// what has to be seen, wherever it stands.
import { html, useState } from "../html.js";
import { t } from "../words/index.js";

export function useUnfold(list, most, wanted = () => false) {
  const [all, setAll] = useState(false);
  const rest = list.slice(most);
  const whole = all || rest.some(wanted);
  return {
    shown: whole ? list : list.slice(0, most),
    button: rest.length > 0 && html`<button type="button" class="unfold" aria-expanded=${whole} onClick=${() => setAll(!whole)}>
      ${whole ? t("board.fewer") : t("board.more", { n: rest.length })}</button>`,
  };
}
