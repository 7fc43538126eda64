// Seconds of work: those within 30 s after a key, a scroll, a pointer or the focus, while the page is in sight.
// The page adds them to what the server counted before; the server never believes more than the wall clock.
export const IDLE = 30;
const LONGEST_STEP = 6 * 3600; // a machine that slept does not wake up with a day of work

// What is counted up to a moment. `act` says when something happened; `hide` and `show` when the page went and came.
export class ActiveTime {
  constructor(start, before = 0, visible = true) {
    this.total = before;
    this.from = start;
    this.until = visible ? start + IDLE : start;
    this.visible = visible;
  }

  count(now) {
    if (now <= this.from) return this.total;
    if (now - this.from < LONGEST_STEP) this.total += Math.max(0, Math.min(now, this.until) - this.from);
    this.from = now;
    return this.total;
  }

  act(now) {
    this.count(now);
    if (this.visible) this.until = Math.max(this.until, now + IDLE);
  }

  hide(now) {
    this.count(now);
    this.visible = false;
    this.until = now;
  }

  show(now) {
    this.count(now);
    this.visible = true;
    this.until = now + IDLE;
  }
}

// The same for a list of [second, "act" | "hide" | "show"], as the tests have it.
export function activeSeconds(events, end) {
  const clock = new ActiveTime(0);
  for (const [second, what] of events) clock[what](second);
  return clock.count(end);
}

const field = () => document.querySelector("input[name=active_seconds]");
const now = () => performance.now() / 1000;
let clock = null;
let counted = null;

function begin() {
  const input = field();
  if (input === counted) return;
  counted = input;
  clock = input ? new ActiveTime(now(), Number(input.value) || 0, !document.hidden) : null;
}

function tell() {
  if (clock && counted?.isConnected) counted.value = clock.count(now()).toFixed(1);
}

for (const name of ["keydown", "input", "pointerdown", "pointermove", "wheel", "scroll", "focusin"]) {
  document.addEventListener(name, () => clock?.act(now()), { capture: true, passive: true });
}
addEventListener("focus", () => clock?.act(now()));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clock?.hide(now());
  else clock?.show(now());
  tell();
}, { capture: true }); // before the text is saved for the last time
document.addEventListener("submit", tell, { capture: true });
addEventListener("pagehide", tell, { capture: true });
document.addEventListener("htmx:confirm", tell);
document.addEventListener("htmx:load", begin);
setInterval(tell, 1000);
begin();
