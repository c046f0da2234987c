// Several words in one field, with commas between: the proposals go on behind what stands there already.

const field = document.querySelector("input[list=words]");
const list = document.getElementById("words");
if (field && list) {
  const known = [...list.options].map((option) => option.value);
  field.addEventListener("input", () => {
    const before = field.value.replace(/[^,]*$/, "").replace(/,\s*$/, ", ");
    const taken = new Set(before.split(",").map((word) => word.trim().toLowerCase()));
    const options = known.filter((word) => !taken.has(word.toLowerCase())).map((word) => new Option("", before + word));
    list.replaceChildren(...options);
  });
}
