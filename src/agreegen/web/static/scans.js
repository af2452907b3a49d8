"use strict";
// Decides by keyboard (y, n, arrow for the next page), and takes a dropped stack.
(() => {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (typing || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const button = document.querySelector(`#decide [data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button) {
      button.click();
    }
  });
  const drop = document.getElementById("drop");
  if (drop) {
    const input = drop.querySelector('input[type="file"]');
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
    }
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      input.files = event.dataTransfer.files;
    });
  }
})();
