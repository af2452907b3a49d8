"use strict";
// Drops files, sends them one by one and shows each answer as it comes. Without this script the form does it all.
(() => {
  const drop = document.getElementById("drop");
  const input = document.getElementById("file");
  const answers = document.getElementById("answers");
  const progress = document.getElementById("progress");
  const token = document.querySelector('meta[name="csrf"]').content;

  const judge = async (file) => {
    const body = new FormData();
    body.append("file", file, file.name);
    const answer = await fetch(drop.action, { method: "POST", body, headers: { "X-CSRF-Token": token, "X-Part": "answers" } });
    if (!answer.ok) {
      throw new Error(answer.status === 413 ? progress.dataset.large : progress.dataset.failed);
    }
    return answer.text();
  };

  const fail = (file, words) => {
    const line = document.createElement("p");
    line.className = "note bad";
    line.textContent = `${file.name}: ${words}`;
    answers.prepend(line);
  };

  const judgeAll = async (files) => {
    let done = 0;
    for (const file of files) {
      progress.textContent = `${progress.dataset.busy} ${done + 1} / ${files.length}`;
      try {
        answers.insertAdjacentHTML("afterbegin", await judge(file));
      } catch (problem) {
        fail(file, problem instanceof TypeError ? progress.dataset.failed : problem.message);
      }
      done += 1;
    }
    progress.textContent = "";
  };

  drop.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.id === "report") {
      return;
    }
    event.preventDefault();
    judgeAll([...input.files]);
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  }
  drop.addEventListener("drop", (event) => {
    input.files = event.dataTransfer.files;
    judgeAll([...input.files]);
  });
})();
