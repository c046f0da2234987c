// Fields for passwords: a button that shows what is typed, and for new ones a word on how strong it is.
for (const input of document.querySelectorAll("input[data-password]")) {
  const { show, hide, short, fair, good, strong } = input.dataset;

  const row = document.createElement("div");
  row.className = "reveal";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-secondary";
  button.textContent = show;
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const visible = input.type === "password";
    input.type = visible ? "text" : "password";
    button.textContent = visible ? hide : show;
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  input.replaceWith(row);
  row.append(input, button);

  if (strong) {
    const word = document.createElement("p");
    word.className = "form-text";
    word.setAttribute("role", "status");
    row.after(word);
    input.addEventListener("input", () => {
      const typed = input.value;
      const kinds = new Set(typed.toLowerCase()).size;
      const length = Math.min(typed.length, kinds * 2);
      word.textContent = !typed ? "" : typed.length < 10 ? short : length < 14 ? fair : length < 20 ? good : strong;
    });
  }
}
