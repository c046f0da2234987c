// The outline icons of @tabler/icons that go into static/vendor/icons/icons.svg. The id of a symbol is the name here.
export const ICONS = `
  alert-circle alert-triangle archive arrow-back-up arrow-down arrow-forward-up arrow-left arrow-right arrow-up
  bell bell-off bold books briefcase building building-factory-2 bulb
  calendar calendar-event calendar-plus chart-bar check checks checklist chevron-down chevron-left chevron-right
  chevron-up circle-check circle-x clipboard-list clock code column-insert-right column-remove command copy
  device-desktop device-laptop device-mobile dots dots-vertical download
  edit external-link eye eye-off file file-description file-spreadsheet file-text file-type-pdf file-zip files filter
  fingerprint flag folder folder-open folder-plus forms
  gavel h-1 h-2 h-3 heading heart help help-circle history home
  id-badge-2 inbox indent-decrease indent-increase info-circle italic key language layout-grid link link-off list
  list-check list-details list-numbers lock lock-open login logout
  mail mail-opened map map-pin markdown mask menu-2 message message-circle message-plus messages microphone minus
  mood-smile moon news paperclip pencil phone photo pin pinned pinned-off plus presentation printer
  qrcode quote refresh restore row-insert-bottom row-remove rss
  scale search send settings share shield shield-check shield-lock shield-x sort-ascending sort-descending
  speakerphone star strikethrough sun
  table table-off table-plus tag thumb-up trash typography upload user user-check user-circle user-off user-plus
  users users-group world x
`.trim().split(/\s+/);
