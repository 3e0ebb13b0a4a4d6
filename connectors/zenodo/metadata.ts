/** What is said of a deposition: as it is entered, and as Zenodo gives it. https://developers.zenodo.org/#representation */

/** Persons are written alike wherever they stand. */
const person = [
  { name: 'name', hint: 'Family name, given names.' },
  { name: 'affiliation' },
  { name: 'orcid', label: 'ORCID' },
  { name: 'gnd', label: 'GND', hint: 'Identifier in the Gemeinsame Normdatei.' },
] as const;

/** Fields that are the same both ways. */
const described = [
  { name: 'title', hint: 'Needed before it can be published.' },
  { name: 'publication_date', type: 'date', hint: 'Today, unless told otherwise.' },
  { name: 'creators', type: 'array', of: 'object', properties: person, hint: 'The authors, the first one first.' },
  { name: 'description', controlType: 'text-area', hint: 'HTML with the tags that Zenodo lets pass.' },
  { name: 'license', hint: 'Id of a licence, such as `cc-by-4.0`.' },
  { name: 'embargo_date', type: 'date', hint: 'When embargoed files become open.' },
  { name: 'access_conditions', hint: 'HTML: on what conditions restricted files are given.' },
  { name: 'doi', label: 'DOI', hint: 'Of a publisher who gave one already; else Zenodo registers a new one.' },
  { name: 'keywords', type: 'array', of: 'string', hint: 'In free words.' },
  { name: 'notes', hint: 'HTML.' },
  {
    name: 'related_identifiers',
    type: 'array',
    of: 'object',
    hint: 'Publications and data that it has to do with.',
    properties: [
      { name: 'identifier', hint: 'DOI, handle, URL and the like; Zenodo sees which.' },
      { name: 'relation', hint: 'isCitedBy, cites, isSupplementTo, isNewVersionOf, isPartOf, hasPart, …' },
      { name: 'resource_type', hint: 'Such as dataset or image-diagram.' },
      { name: 'scheme', hint: 'Of the identifier; Zenodo says it.' },
    ],
  },
  {
    name: 'contributors',
    type: 'array',
    of: 'object',
    hint: 'Who else took part.',
    properties: [...person, { name: 'type', hint: 'Editor, DataCurator, ProjectLeader, …' }],
  },
  { name: 'references', type: 'array', of: 'string', hint: 'One text for each.' },
  {
    name: 'communities',
    type: 'array',
    of: 'object',
    hint: 'Communities that are asked to take it.',
    properties: [{ name: 'identifier', hint: 'Of the community.' }],
  },
  {
    name: 'grants',
    type: 'array',
    of: 'object',
    hint: 'Grants that paid for the research.',
    properties: [{ name: 'id', hint: 'Such as 10.13039/501100000780::283595: DOI of the funder, then the grant.' }],
  },
  { name: 'journal_title', hint: 'Of the journal in which it appeared.' },
  { name: 'journal_volume', hint: 'Of the same journal.' },
  { name: 'journal_issue', hint: 'Of the same journal.' },
  { name: 'journal_pages', hint: 'Of the same journal.' },
  { name: 'conference_title', hint: 'Of the conference at which it was presented.' },
  { name: 'conference_acronym', hint: 'Of the same conference.' },
  { name: 'conference_dates', hint: 'Such as 14-18 October 2013.' },
  { name: 'conference_place', hint: 'City, country.' },
  { name: 'conference_url', hint: 'Page of the conference.' },
  { name: 'conference_session', hint: 'Number of the session.' },
  { name: 'conference_session_part', hint: 'Number within the session.' },
  { name: 'imprint_publisher', hint: 'Of the book, report or chapter.' },
  { name: 'imprint_isbn', label: 'Imprint ISBN', hint: 'Of the book or report.' },
  { name: 'imprint_place', hint: 'City, country.' },
  { name: 'partof_title', label: 'Part of', hint: 'Title of the book, for a chapter.' },
  { name: 'partof_pages', label: 'Pages', hint: 'Of the chapter.' },
  { name: 'thesis_supervisors', type: 'array', of: 'object', properties: person, hint: 'Written as creators are.' },
  { name: 'thesis_university', hint: 'That awards the degree.' },
  {
    name: 'subjects',
    type: 'array',
    of: 'object',
    hint: 'Terms of a taxonomy.',
    properties: [
      { name: 'term' },
      { name: 'identifier', hint: 'Unique, such as a URL.' },
      { name: 'scheme', hint: 'Of the identifier; Zenodo says it.' },
    ],
  },
  { name: 'version', hint: 'Best a number of https://semver.org.' },
  { name: 'language', hint: 'Code of ISO 639-2 or 639-3.' },
  {
    name: 'locations',
    type: 'array',
    of: 'object',
    hint: 'Places that it is about.',
    properties: [
      { name: 'place', hint: 'Its name.' },
      { name: 'lat', type: 'number', label: 'Latitude' },
      { name: 'lon', type: 'number', label: 'Longitude' },
      { name: 'description' },
    ],
  },
  {
    name: 'dates',
    type: 'array',
    of: 'object',
    hint: 'When it was collected, is valid, or was withdrawn.',
    properties: [
      { name: 'start', type: 'date', hint: 'One of start and end is needed; both alike for one day.' },
      { name: 'end', type: 'date' },
      { name: 'type', hint: 'Collected, Valid or Withdrawn.' },
      { name: 'description' },
    ],
  },
  { name: 'method', hint: 'HTML: how it was made.' },
] as const;

/** As it is entered; what has choices names them. */
export const enteredMetadata = [
  {
    name: 'upload_type',
    hint: 'Needed before it can be published.',
    pickList: [
      ['Publication', 'publication'],
      ['Poster', 'poster'],
      ['Presentation', 'presentation'],
      ['Dataset', 'dataset'],
      ['Image', 'image'],
      ['Video or audio', 'video'],
      ['Software', 'software'],
      ['Lesson', 'lesson'],
      ['Physical object', 'physicalobject'],
      ['Other', 'other'],
    ],
  },
  {
    name: 'publication_type',
    hint: 'Of a publication.',
    pickList: [
      ['Annotation collection', 'annotationcollection'],
      ['Book', 'book'],
      ['Section', 'section'],
      ['Conference paper', 'conferencepaper'],
      ['Data management plan', 'datamanagementplan'],
      ['Article', 'article'],
      ['Patent', 'patent'],
      ['Preprint', 'preprint'],
      ['Deliverable', 'deliverable'],
      ['Milestone', 'milestone'],
      ['Proposal', 'proposal'],
      ['Report', 'report'],
      ['Software documentation', 'softwaredocumentation'],
      ['Taxonomic treatment', 'taxonomictreatment'],
      ['Technical note', 'technicalnote'],
      ['Thesis', 'thesis'],
      ['Working paper', 'workingpaper'],
      ['Other', 'other'],
    ],
  },
  {
    name: 'image_type',
    hint: 'Of an image.',
    pickList: [
      ['Figure', 'figure'],
      ['Plot', 'plot'],
      ['Drawing', 'drawing'],
      ['Diagram', 'diagram'],
      ['Photo', 'photo'],
      ['Other', 'other'],
    ],
  },
  {
    name: 'access_right',
    hint: 'Open, unless told otherwise.',
    pickList: [
      ['Open', 'open'],
      ['Embargoed', 'embargoed'],
      ['Restricted', 'restricted'],
      ['Closed', 'closed'],
    ],
  },
  { name: 'prereserve_doi', type: 'boolean', label: 'Reserve a DOI', hint: 'So that it can be named in the files.' },
  ...described,
] as const;

/** As Zenodo gives it; a choice that is new to Zenodo is no fault. */
export const givenMetadata = [
  { name: 'upload_type' },
  { name: 'publication_type' },
  { name: 'image_type' },
  { name: 'access_right' },
  {
    name: 'prereserve_doi',
    label: 'Reserved DOI',
    type: 'object',
    properties: [
      { name: 'doi', label: 'DOI' },
      { name: 'recid', type: 'integer', format: 'int64', label: 'Record' },
    ],
  },
  ...described,
] as const;

/** What else may be said of a deposition; over what `metadata` says. */
export const furtherMetadata = {
  name: 'further',
  label: 'Further metadata',
  type: 'object',
  hint: 'As Zenodo takes it, for what is not named in `metadata`, such as `custom` of some communities.',
} as const;

/** The body of a request: both in one. `undefined` where nothing is said. */
export function metadataOf({
  metadata,
  further,
}: {
  readonly metadata?: object | null | undefined;
  readonly further?: object | null | undefined;
}): object | undefined {
  return metadata || further ? { ...metadata, ...further } : undefined;
}
