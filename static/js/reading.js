// Long answers side by side: from one to the next, scrolled together, and their differences when asked for.
const TOGETHER = "scroll-together";
const begin = (root) => root.querySelectorAll("[data-reading-tools]").forEach(start);
begin(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) begin(event.target);
});

function start(tools) {
  const form = tools.closest("main").querySelector("form[data-ranking]");
  const boxes = [...form.querySelectorAll("[data-text]")];
  tools.hidden = false;
  nextAnswer(tools.querySelector("[data-next-answer]"), boxes);
  differences(tools, form, boxes);
  scrolling(tools.querySelector("[data-scroll-together]"), form.querySelector(".candidates"), boxes);
  form.addEventListener("keydown", (event) => {
    const link = event.target.closest("[data-candidate]")?.querySelector("[data-edit]");
    if (event.key !== "w" || !link || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("textarea, select, input")) return;
    event.preventDefault();
    link.click();
  });
}

function nextAnswer(button, boxes) {
  let at = -1;
  for (const box of boxes) box.addEventListener("focus", () => { at = boxes.indexOf(box); });
  button.addEventListener("click", () => {
    const box = boxes[(at + 1) % boxes.length];
    box.focus();
    box.closest("[data-candidate]").scrollIntoView({ block: "nearest" });
  });
}

// --- Differences: off at every new item, so that wording does not lead the judgement -------------------------

function differences(tools, form, boxes) {
  const button = tools.querySelector("[data-show-differences]");
  const words = button.firstChild;
  let base = "A";
  for (const box of boxes) box.addEventListener("focus", () => { base = box.closest("[data-candidate]").dataset.candidate; });
  button.addEventListener("click", async () => {
    const on = button.getAttribute("aria-pressed") === "true";
    if (on) return show({}, false);
    let answer;
    try {
      answer = await fetch(`${tools.dataset.differences}?from=${base}`, { headers: { Accept: "application/json" } });
    } catch { /* told below */ }
    if (!answer?.ok) {
      words.data = "Differences did not arrive; try again ";
      return;
    }
    show(await answer.json(), true);
  });
  function show(found, on) {
    form.dispatchEvent(new CustomEvent("differences", { detail: found }));
    button.setAttribute("aria-pressed", String(on));
    const several = boxes.length > 2 ? ` from ${base}` : "";
    words.data = on ? `Hide differences${several} ` : "Show differences ";
  }
}

// --- Scrolling: both reach their ends at the same time -------------------------------------------------------

function scrolling(button, candidates, boxes) {
  if (boxes.length > 3) { // in two rows they scroll as one page
    button.hidden = true;
    return;
  }
  candidates.dataset.apart = "";
  let on = true;
  try { on = localStorage.getItem(TOGETHER) !== "no"; } catch { /* together, then */ }
  const show = () => {
    button.setAttribute("aria-pressed", String(on));
    button.hidden = getComputedStyle(boxes[0]).overflowY !== "auto"; // below each other they scroll as one page
  };
  show();
  new ResizeObserver(show).observe(candidates);
  button.addEventListener("click", () => {
    on = !on;
    try { localStorage.setItem(TOGETHER, on ? "yes" : "no"); } catch { /* holds for this page only */ }
    show();
  });
  const put = new WeakMap();
  const range = (box) => box.scrollHeight - box.clientHeight;
  for (const box of boxes) {
    box.addEventListener("scroll", () => {
      if (!on || Math.abs((put.get(box) ?? -9) - box.scrollTop) < 2) return put.delete(box);
      const share = range(box) > 0 ? box.scrollTop / range(box) : 0;
      for (const other of boxes) {
        if (other === box || range(other) <= 0) continue;
        other.scrollTop = share * range(other);
        put.set(other, other.scrollTop);
      }
    }, { passive: true });
  }
}
