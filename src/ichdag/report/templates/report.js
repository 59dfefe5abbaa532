for (const form of document.querySelectorAll("form[data-filters]")) {
  const rows = [...document.getElementById(form.dataset.filters).tBodies[0].rows];
  const selects = [...form.querySelectorAll("select")];
  const show = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = selects.some((one) => one.value && row.cells[one.dataset.column].textContent !== one.value);
      shown += row.hidden ? 0 : 1;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
  };
  form.addEventListener("change", show);
  show();
}
