// Imported first: what needs a script shows before the words of another language are there.
document.documentElement.classList.add("script");
