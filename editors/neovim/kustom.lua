-- Neovim 0.11 and later: put this in `lsp/kustom.lua` of your configuration, and call
-- `vim.lsp.enable('kustom')`. `:h lsp` has the keys.
vim.lsp.commands['kustom.showPlaces'] = function(command)
  local places = command.arguments[3]
  vim.fn.setqflist({}, ' ', { title = command.title, items = vim.lsp.util.locations_to_items(places, 'utf-8') })
  vim.cmd.copen()
end

return {
  cmd = { 'kustom', 'lsp' },
  filetypes = { 'yaml', 'json', 'jinja' },
  root_markers = { 'kustom.yaml', '.git' },
}
