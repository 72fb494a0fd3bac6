// Trees of elements as one component, and their buttons. Text stays text: React escapes it.
(function () {
  "use strict";
  const element = (node, key) => {
    if (node === null || typeof node !== "object") return node;
    const { tag, children, ...properties } = node;
    const parts = children === undefined ? [] : [].concat(children).map(element);
    return React.createElement(tag, { key, ...properties }, ...parts);
  };
  window.lakehouse_parts = { Markup: ({ tree }) => element(tree) };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-proof]");
    if (!button) return;
    const asked = { ...JSON.parse(button.dataset.proof), at: Date.now() };
    window.dash_clientside.set_props("prova-pedida", { data: asked });
  });
})();
