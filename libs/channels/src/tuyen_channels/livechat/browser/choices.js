// Departments and regions, as far as somebody is there (they are asked for at each opening).

let offered = [];

function fill(select, items, kept) {
  const options = [make("option", { value: "", textContent: words.any })];
  for (const one of items) options.push(make("option", { value: one.id, textContent: one.name }));
  select.replaceChildren(...options);
  select.value = items.some((one) => one.id === kept) ? kept : "";
}

function fillRegions() {
  const found = offered.find((one) => one.id === department.value);
  const regions = (found && found.regions) || [];
  fill(region, regions, memory.region);
  regionLabel.hidden = !regions.length;
  sumUp();
}

function sumUp() {
  const chosenNames = [department, region].filter((one) => one.value)
    .map((one) => one.selectedOptions[0].textContent);
  topic.textContent = `${words.topic}: ${chosenNames.join(", ") || words.anyone}`;
}

async function offer() {
  try {
    offered = (await call("GET", "departments")).items;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return;
  }
  fill(department, offered, memory.department);
  fillRegions();
  choices.hidden = !offered.length;
}
