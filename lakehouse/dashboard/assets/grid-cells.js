// A cell with a link, a badge or both. Text stays text: React escapes it.
(function () {
  "use strict";
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  cells.LakehouseCell = function (props) {
    const shown = props.valueFormatted || props.value;
    const field = props.colDef.field;
    const color = props.data["_badge_" + field];
    const link = props.data["_link_" + field];
    let inner = shown;
    if (color) {
      inner = React.createElement("span", { className: `badge badge-${color}` }, shown);
    }
    return link ? React.createElement("a", { href: link, className: "cell-link" }, inner) : inner;
  };
})();
