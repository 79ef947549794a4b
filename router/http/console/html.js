// The one place that binds htm to Preact. Every value in a template becomes text, never markup.
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
export { render, Fragment } from "preact";
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, useComputed, useSignal } from "@preact/signals";
