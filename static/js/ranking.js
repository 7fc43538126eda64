// Three and more candidates: buttons and keys over the plain selects (rank-a, rank-b, …), which stay what is sent.
// Also in what htmx puts in place of the item just done.
const begin = (root) => root.querySelectorAll("form[data-ranking]").forEach(start);
begin(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) begin(event.target);
});

function start(form) {
  const candidates = [...form.querySelectorAll("[data-candidate]")].map((article) => ({
    article,
    name: article.dataset.candidate,
    select: article.querySelector("select"),
  }));
  const allBad = form.elements.all_bad;
  const summary = form.querySelector("[data-ranking-summary]");
  moves(candidates);
  const show = () => {
    summary.textContent = allBad.checked ? "All are bad." : sentence(candidates);
    for (const { article, select } of candidates) article.toggleAttribute("data-best", !allBad.checked && select.value === "1");
  };
  form.addEventListener("change", show);
  form.addEventListener("autosave:filled", show);
  show();
}

function put(select, place) {
  if (select.value === String(place)) return;
  select.value = String(place);
  select.dispatchEvent(new Event("input", { bubbles: true }));
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- Up, down, or a number while a candidate has the focus ---------------------------------------------------

function moves(candidates) {
  for (const candidate of candidates) {
    const buttons = document.createElement("div");
    buttons.className = "candidate-moves";
    buttons.append(moveButton(candidate, candidates, "Up", -1), moveButton(candidate, candidates, "Down", 1));
    candidate.article.querySelector("header").append(buttons);
    candidate.article.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input, textarea")) return;
      const place = Number(event.key);
      if (!place || place > candidates.length) return;
      event.preventDefault();
      put(candidate.select, place);
    });
  }
}

function moveButton(candidate, candidates, words, step) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = step < 0 ? "↑" : "↓";
  button.setAttribute("aria-label", `Move ${candidate.name} ${words.toLowerCase()}`);
  button.addEventListener("click", () => move(candidate, candidates, step));
  return button;
}

function move(candidate, candidates, step) {
  const unranked = () => candidates.filter(({ select }) => !select.value);
  if (unranked().length) {
    const taken = candidates.length - unranked().length;
    unranked().forEach(({ select }, index) => put(select, taken + index + 1));
  }
  const from = Number(candidate.select.value);
  const to = Math.min(Math.max(from + step, 1), candidates.length);
  if (to === from) return;
  for (const other of candidates) {
    if (other !== candidate && Number(other.select.value) === to) put(other.select, from);
  }
  put(candidate.select, to);
}

// --- In words -----------------------------------------------------------------------------------------------

function sentence(candidates) {
  if (candidates.some(({ select }) => !select.value)) return "Give each answer a place. Two may share one.";
  const places = new Map();
  for (const { name, select } of candidates) {
    const place = Number(select.value);
    places.set(place, [...(places.get(place) || []), name]);
  }
  const groups = [...places].sort(([one], [other]) => one - other).map(([, names]) => names);
  const together = (names) => names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  if (groups.length === 1) return `${together(groups[0])} are equally good.`;
  if (groups.length === 2) return `${together(groups[0])} ${groups[0].length > 1 ? "are" : "is"} better than ${together(groups[1])}.`;
  return `Best first: ${groups.map(together).join(", then ")}.`;
}
