// A browser's own account of itself, in words: which program, on which device.
import { named, t } from "../words/index.js";

// Each name of these stands in many an account; the first that is found is the right one.
const PROGRAMS = [[/wxwork/i, "wecom"], [/MicroMessenger/, "wechat"], [/DingTalk/i, "dingtalk"], [/Lark|Feishu/i, "feishu"],
  [/QQBrowser/, "qq"], [/Edg(e|A|iOS)?\//, "Edge"], [/OPR\//, "Opera"], [/Firefox|FxiOS/, "Firefox"],
  [/Chrome|Chromium|CriOS/, "Chrome"], [/Safari/, "Safari"]];
const SYSTEMS = [[/OpenHarmony|HarmonyOS/, "HarmonyOS"], [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"],
  [/Windows/, "Windows"], [/Macintosh|Mac OS X/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux|X11/, "Linux"]];
const first = (pairs, text) => pairs.find(([pattern]) => pattern.test(text))?.[1];

export function device(agent) {
  const program = first(PROGRAMS, agent), system = first(SYSTEMS, agent);
  if (!program && !system) return agent.split(/[\s/]/)[0].slice(0, 40) || t("device.unknown");
  return [program && named("device", program), system].filter(Boolean).join(" · ");
}
