"use strict";
(function () {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  // Heads become buttons here, so that without a script nothing pretends to sort.
  all("table.sortable th[data-sort]").forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head));
  });

  function sort(head) {
    const table = head.closest("table");
    const heads = Array.from(head.parentNode.children);
    const column = heads.indexOf(head);
    const numeric = head.dataset.sort === "number";
    const descending = head.getAttribute("aria-sort") === "none" ? numeric : head.getAttribute("aria-sort") === "ascending";
    const key = (row) => row.children[column].dataset.value || "";
    const compare = (a, b) => (numeric ? key(a) - key(b) : key(a).localeCompare(key(b), "en", { numeric: true }));
    const rows = Array.from(table.tBodies[0].rows).sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  }

  const cards = all("details.card");
  const controls = document.querySelector(".controls");
  if (controls) {
    controls.hidden = false;
    const input = controls.querySelector("input");
    const output = controls.querySelector("output");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let shown = 0;
      all("[data-name]").forEach((element) => {
        const fits = element.dataset.name.toLowerCase().includes(wanted);
        element.hidden = !fits;
        if (fits && element.tagName === "TR") shown += 1;
      });
      output.textContent = wanted ? (shown === 1 ? "1 person" : shown + " people") : "";
    });
    const unfold = controls.querySelector("#unfold");
    unfold.addEventListener("click", () => {
      const open = cards.some((card) => !card.open);
      cards.forEach((card) => { card.open = open; });
      unfold.textContent = open ? "Close all findings" : "Open all findings";
    });
  }

  // A link into a folded card opens it and moves the keyboard there.
  function follow() {
    const card = /^#f\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (card) {
      card.open = true;
      card.hidden = false;
      card.querySelector("summary").focus();
      card.scrollIntoView({ block: "start" });
    }
  }
  addEventListener("hashchange", follow);
  follow();

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = cards.filter((card) => !card.open && card.matches(".high, .critical"));
    folded.forEach((card) => { card.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((card) => { card.open = false; }));
})();
