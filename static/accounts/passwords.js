// Fields for passwords: a button that shows what is typed, and for new ones a word on how strong it is.
for (const place of document.querySelectorAll("[data-password]")) {
  const input = place.querySelector("input");
  const { show, hide, short, fair, good, strong } = place.dataset;

  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet";
  button.textContent = show;
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const visible = input.type === "password";
    input.type = visible ? "text" : "password";
    button.textContent = visible ? hide : show;
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  input.after(button);

  if (strong) {
    const word = document.createElement("span");
    word.className = "form-text";
    word.setAttribute("role", "status");
    button.after(" ", word);
    input.addEventListener("input", () => {
      const typed = input.value;
      const kinds = new Set(typed.toLowerCase()).size;
      const length = Math.min(typed.length, kinds * 2);
      word.textContent = !typed ? "" : typed.length < 10 ? short : length < 14 ? fair : length < 20 ? good : strong;
    });
  }
}
