"""The texts of the page by the names that its scripts have for them, in the language spoken.

Values stand in ``{…}`` and are put in by the scripts. What depends on a number has two texts, under
``NAME.one`` and ``NAME.other``: the browser knows which of them the language wants.
"""

from __future__ import annotations

from index.translation import language, text


def labels() -> dict[str, str]:
    """Every text of the page."""
    return {
        **_frame(),
        **_asking(),
        **_filters(),
        **_answer(),
        **_kept(),
        **_reader(),
        **_library(),
        **_picking(),
        **_adding(),
        **_insight(),
    }


def examples() -> list[str]:
    """Questions to the articles that come with Fundstelle, in the language spoken."""
    if language() == "de":
        return [
            "Wie hoch wurde Scale AI bewertet?",
            "Was kostet die geplante Straßenbahn in Wellersbrück?",
            "Wie teuer war der Bau des Windparks Sandholm-Riff?",
            "Wer hat die Elbphilharmonie entworfen?",
        ]
    return [
        "How highly was Scale AI valued?",
        "When did Voyager 1 leave Earth?",
        "How large was the Aral Sea before it shrank?",
        "Who was the first patient to receive insulin?",
    ]


def _frame() -> dict[str, str]:
    return {
        "nav.title": text("Sections"),
        "nav.skip": text("Skip to the content"),
        "nav.ask": text("Ask"),
        "nav.articles": text("Articles"),
        "nav.insight": text("Overview"),
        "theme.dark": text("Dark"),
        "theme.light": text("Light"),
        "close": text("Close"),
        "notices": text("Notes"),
        "quoted": text("“{text}”"),
        "language.unknown": text("unknown language"),
        "problem.unreachable": text("The server cannot be reached. Is it running?"),
        "problem.broken": text("The connection broke off. Please try again."),
        "problem.server": text("The server could not do that. Please try again."),
        "problem.page": text("Something on this page went wrong. Please load it again."),
        "holdings.none": text("No articles yet."),
        "holdings.add": text("Add some"),
        "holdings.articles.one": text("{count} article"),
        "holdings.articles.other": text("{count} articles"),
        "holdings.month": text("{articles}, {month}"),
        "holdings.span": text("{articles}, {since} to {until}"),
    }


def _asking() -> dict[str, str]:
    return {
        "ask.title": text("Questions to the articles"),
        "ask.lead": text("Every answer with the sentences that prove it."),
        "ask.question": text("Question"),
        "ask.submit": text("Ask"),
        "ask.stop": text("Stop"),
        "ask.stopped": text("The search was stopped."),
        "ask.again": text("Ask again"),
        "ask.examples": text("For example"),
        "ask.recent": text("Added last"),
        "ask.follow": text("As a follow-up to “{question}”"),
        "stage.understand": text("Understanding the question"),
        "stage.search": text("Searching the articles"),
        "stage.read": text("Reading what was found"),
        "stage.wait": text("The articles are being searched."),
        "history.title": text("Asked before"),
        "history.more": text("Show all"),
        "history.clear": text("Clear the history"),
    }


def _filters() -> dict[str, str]:
    return {
        "filter.title": text("Filters"),
        "filter.held": text("Filters that apply"),
        "filter.published": text("Published"),
        "filter.since": text("from"),
        "filter.until": text("to"),
        "filter.publisher": text("Publisher"),
        "filter.publisher.search": text("Find a publisher"),
        "filter.language": text("Language"),
        "filter.settings": text("Search"),
        "filter.more": text("and {count} more"),
        "filter.apply": text("Apply"),
        "filter.clear": text("Remove all"),
        "filter.remove": text("Remove the filter: {filter}"),
        "filter.chip.since": text("from {day}"),
        "filter.chip.until": text("to {day}"),
        "filter.all_times": text("without a time limit"),
        "filter.all_times.label": text('Times in the question ("last week") set no limit'),
        "filter.recent": text("newer ones first"),
        "filter.recent.label": text("Prefer newer articles"),
    }


def _answer() -> dict[str, str]:
    return {
        "answer.announced": text("Answer: {answer}; {sure}"),
        "answer.views": text("Answers"),
        "answer.evidence": text("Evidence"),
        "answer.citation": text("Evidence {n}, read in the article"),
        "answer.read": text("Read in the article"),
        "answer.read.n": text("Read in the article: evidence {n}"),
        "answer.copy.quote": text("Copy the quote"),
        "answer.copy.quote.n": text("Copy the quote: evidence {n}"),
        "answer.also_in": text("also in"),
        "answer.further": text("Further passages"),
        "answer.passages": text("Nearest passages"),
        "answer.rank": text("Place {rank} of what was found"),
        "answer.nearest": text("Near, but no answer"),
        "answer.unnamed": text("This sentence does not name {names}."),
        "answer.beside": text("This sentence is about it, but does not answer the question."),
        "answer.filtered": text("Only the filtered articles were searched."),
        "answer.unfiltered": text("Search all articles"),
        "answer.understood": text("Understood as:"),
        "answer.alone": text("as a question of its own"),
        "timeline.title": text("In the order of time"),
        "feedback.title": text("Is the answer right?"),
        "feedback.right": text("Right"),
        "feedback.wrong": text("Wrong"),
        "feedback.better": text("This sentence is better"),
        "feedback.thanks": text("Noted, thank you."),
        "feedback.thanks.wrong": text(
            "Noted, thank you. A better sentence can be selected in the article."
        ),
    }


def _kept() -> dict[str, str]:
    return {
        "keep.copy": text("Copy the answer"),
        "keep.copied": text("Copied."),
        "keep.not_copied": text("The browser does not allow copying."),
        "export.title": text("Save as"),
        "export.markdown": text("Markdown"),
        "export.csv": text("CSV (table)"),
        "export.json": text("JSON"),
        "export.bibtex": text("BibTeX"),
        "export.csl": text("CSL-JSON"),
    }


def _reader() -> dict[str, str]:
    return {
        "reader.loading": text("The article is being fetched"),
        "reader.missing": text("Article not found"),
        "reader.close": text("Close the article"),
        "reader.text": text("Text of the article"),
        "reader.original": text("Original at {name}"),
        "reader.alone": text("On a page of its own"),
        "reader.cited.one": text("{count} sentence cited"),
        "reader.cited.other": text("{count} sentences cited"),
        "reader.place": text("Evidence {n} ({place} of {count})"),
        "reader.previous": text("Previous"),
        "reader.next": text("Next"),
        "reader.select": text(
            "Select a better sentence in the text: with the mouse, or with Shift and arrow keys."
        ),
        "reader.select.copy": text("Select a part of the text to copy it as a quote."),
        "why.title": text("Why this passage?"),
        "why.about": text(
            "The search goes two ways, by meaning and by words. Both together give the order."
        ),
        "why.way": text("Way"),
        "why.rank": text("Place"),
        "why.score": text("Score"),
        "why.all": text("altogether"),
        "why.dense": text("by meaning"),
        "why.lexical": text("by words"),
        "why.reranker": text("read once more"),
        "why.absent": text("not found"),
    }


def _picking() -> dict[str, str]:
    return {
        "library.all": text("Select all on this page"),
        "library.pick": text("Select: {title}"),
        "library.picked.one": text("{count} selected"),
        "library.picked.other": text("{count} selected"),
        "library.all.found": text("Select all {count}"),
        "library.all.first": text("Select the first {count}"),
        "library.unpick": text("Select none"),
        "library.remove": text("Remove"),
        "library.remove.sure": text("Remove {count} articles?"),
        "library.remove.keep": text("Keep them"),
        "library.removed.one": text("{count} article removed."),
        "library.removed.other": text("{count} articles removed."),
        "library.undo": text("Undo"),
        "library.restored.one": text("{count} article is back."),
        "library.restored.other": text("{count} articles are back."),
    }


def _library() -> dict[str, str]:
    return {
        "library.title": text("Articles"),
        "library.search": text("Find by title, publisher or source"),
        "library.choose": text("Choose files"),
        "library.drop": text("or drop them anywhere: .txt, .md, .html, .jsonl, .csv"),
        "library.drop.here": text("Drop the files to add them"),
        "library.writer": text("being written to by {writer}"),
        "library.found.one": text("{count} article"),
        "library.found.other": text("{count} articles"),
        "library.passages.one": text("{count} passage"),
        "library.passages.other": text("{count} passages"),
        "library.sort": text("Order"),
        "library.sort.added": text("by addition"),
        "library.sort.title": text("by title"),
        "library.sort.publisher": text("by publisher"),
        "library.sort.published": text("by date"),
        "library.sort.language": text("by language"),
        "library.ascending": text("ascending"),
        "library.descending": text("descending"),
        "library.column.title": text("Title"),
        "library.column.publisher": text("Publisher"),
        "library.column.published": text("Date"),
        "library.column.language": text("Language"),
        "library.column.passages": text("Passages"),
        "library.column.edit": text("Edit"),
        "library.copy": text("copy"),
        "library.edit": text("Edit"),
        "library.edit.title": text("Edit: {title}"),
        "library.pages": text("Pages"),
        "library.page": text("Page {page} of {last}"),
        "library.first": text("First"),
        "library.previous": text("Previous"),
        "library.next": text("Next"),
        "library.last": text("Last"),
        "library.failures.one": text("{count} source could not be read"),
        "library.failures.other": text("{count} sources could not be read"),
        "library.forget": text("Forget"),
        "library.forget.name": text("Forget: {name}"),
        "library.forget.all": text("Forget all"),
        "library.again.all": text("Try all again"),
        "edit.title": text("Edit the article"),
        "edit.headline": text("Title"),
        "edit.published": text("Published"),
        "edit.publisher": text("Publisher"),
        "edit.save": text("Save"),
        "edit.saved": text("Saved."),
        "edit.cancel": text("Cancel"),
    }


def _adding() -> dict[str, str]:
    return {
        "adding.title": text("Progress of the addition"),
        "adding.begins": text("The files are being added."),
        "adding.cancel": text("Cancel"),
        "adding.sending.one": text("{count} file is being sent"),
        "adding.sending.other": text("{count} files are being sent"),
        "adding.done.one": text("{count} article"),
        "adding.done.other": text("{count} articles"),
        "adding.of": text("{done} of {total} articles"),
        "adding.rate.one": text("{count} passage a second"),
        "adding.rate.other": text("{count} passages a second"),
        "adding.left.seconds": text("{count} s left"),
        "adding.left.minutes": text("{count} min left"),
        "adding.short": text("Adding: {percent} %"),
        "adding.ending": text("Ending after the articles at hand"),
        "adding.cancelled": text("Cancelled; what was added stays."),
        "adding.failed": text("Not read:"),
        "adding.failures.one": text("{count} file could not be read."),
        "adding.failures.other": text("{count} files could not be read."),
        "adding.again": text("Try again"),
        "adding.again.name": text("Try again: {name}"),
    }


def _insight() -> dict[str, str]:
    return {
        "insight.title": text("Overview"),
        "insight.months": text("Articles over time"),
        "insight.months.told": text("From {since} to {until}; most in {most}: {articles}"),
        "insight.month": text("Month"),
        "insight.articles": text("Articles"),
        "insight.undated.one": text("{count} article has no date."),
        "insight.undated.other": text("{count} articles have no date."),
        "insight.no_dates": text("No article has a date."),
        "insight.as_table": text("As a table"),
        "insight.publishers": text("Publishers"),
        "insight.languages": text("Languages"),
        "insight.none": text("None is known."),
        "insight.more.one": text("and {count} more"),
        "insight.more.other": text("and {count} more"),
        "insight.evaluations": text("Evaluations"),
        "insight.no_evaluations": text("None yet. “qa eval QUESTIONS” makes one."),
        "insight.run": text("Questions of"),
        "insight.when": text("When"),
        "insight.questions": text("Questions"),
        "insight.curve": text("{name}, from {first} to {last}"),
        "insight.from_to": text("{first} to {last}"),
    }
