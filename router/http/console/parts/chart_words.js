// Figures in words: counts, shares, durations, and how they differ from another day's.
import { language, t } from "../words/index.js";

const made = {};
function format(options) {
  const name = `${language.value} ${JSON.stringify(options)}`;
  return made[name] ||= new Intl.NumberFormat(language.value === "zh" ? "zh-CN" : "en-GB", options);
}
export const count = (number) => (number == null ? "—" : format({}).format(number));
export const share = (rate) => (rate?.of ? rate.met / rate.of * 100 : null);
// Never rounded up to all of them.
export const percent = (value) => (value == null ? "—"
  : `${format({ maximumFractionDigits: 1 }).format(value < 100 ? Math.min(value, 99.9) : value)}%`);

export function took(ms) {
  if (ms == null) return "—";
  const seconds = Math.round(ms / 1000), minutes = Math.floor(seconds / 60);
  if (!minutes) return t("charts.s", { s: seconds });
  if (minutes < 60) return seconds % 60 ? t("charts.ms", { m: minutes, s: seconds % 60 }) : t("charts.m", { m: minutes });
  return minutes % 60 ? t("charts.hm", { h: Math.floor(minutes / 60), m: minutes % 60 }) : t("charts.h", { h: minutes / 60 });
}
