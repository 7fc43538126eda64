// An item stays with whoever works on it. While the page is in sight and its person active, the server hears of it once
// a minute; nobody keeps an item by leaving a page open. In the last five minutes the page says until when.
const EVERY = 60_000;
const ACTIVE = 60_000;
const LAST = 5 * 60_000;
const TOKEN = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
const hour = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const place = () => document.querySelector("[data-lease]");
const later = (element) => Date.parse(element.dataset.until);

let seen = Date.now();
let asked = Date.now();
let asking = false;

function say(element, words, state = "") {
  if (element.textContent !== words) element.textContent = words;
  element.dataset.state = state;
}

function show(element) {
  if (element.dataset.state === "over") return;
  const left = later(element) - Date.now();
  if (left > LAST) return say(element, "");
  if (left > 0) return say(element, `Yours until ${hour(later(element))}`, "soon");
  if (!asking) ask(element, { look: "1" });
}

async function ask(element, fields = {}) {
  asking = true;
  asked = Date.now();
  try {
    const response = await fetch(element.dataset.lease, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": TOKEN(), "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok || response.redirected) return;
    const { expires_at: until, held, taken } = await response.json();
    element.dataset.until = until;
    if (held) {
      element.dataset.state = "";
      show(element);
    } else if (taken) {
      say(element, "Your time with this item has run out, and somebody else has it now. What you typed is kept.", "over");
    } else {
      say(element, "Your time with this item has run out. It is still free: go on, and it is yours again.", "free");
    }
  } catch { /* no connection: the next minute asks again */ } finally { asking = false; }
}

function look() {
  const element = place();
  if (!element) return;
  const now = Date.now();
  const active = !document.hidden && now - seen < ACTIVE;
  const { state } = element.dataset;
  const due = now - asked >= (state === "free" && active ? 5_000 : EVERY);
  if (due && !asking && state !== "over" && (active || state === "free")) ask(element, active ? {} : { look: "1" });
  else if (state !== "free") show(element);
}

for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "input"]) {
  addEventListener(name, () => { seen = Date.now(); }, { passive: true, capture: true });
}
document.addEventListener("htmx:load", (event) => {
  if (event.target.id === "main") asked = Date.now();
});
document.addEventListener("visibilitychange", look);
setInterval(look, 1_000);
look();
