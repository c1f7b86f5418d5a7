;;; kustom.el --- kustom lsp for Eglot  -*- lexical-binding: t -*-

;; Emacs 29 and later: load this file, and run `M-x eglot' in a kustomization.

(require 'eglot)

(defun kustom-show-places (_server _command arguments)
  "Show the places that a lens leads to: the last of ARGUMENTS."
  (let ((places (append (elt arguments 2) nil)))
    (with-current-buffer (get-buffer-create "*kustom*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (dolist (place places)
          (insert (format "%s:%d: \n"
                          (eglot-uri-to-path (plist-get place :uri))
                          (1+ (plist-get (plist-get (plist-get place :range) :start) :line))))))
      (grep-mode)
      (pop-to-buffer (current-buffer)))))

(unless (fboundp 'eglot-uri-to-path)
  (defalias 'eglot-uri-to-path #'eglot--uri-to-path))

(cl-defmethod eglot-execute-command
  (server (command (eql kustom.showPlaces)) arguments)
  (kustom-show-places server command arguments))

(add-to-list 'eglot-server-programs '((yaml-mode yaml-ts-mode) . ("kustom" "lsp")))

(provide 'kustom)
;;; kustom.el ends here
