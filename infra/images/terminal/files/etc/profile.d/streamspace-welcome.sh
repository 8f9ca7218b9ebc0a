# What a new terminal says first; not again in a multiplexer inside it.
if [ -t 1 ] && [ -z "${TMUX:-}" ]; then
    printf '\n  \e[1;36mStreamSpace\e[0m terminal\n'
    printf '  \e[90mYour files are in /home/user.  Copy and paste: Ctrl+Shift+C, Ctrl+Shift+V.  Text size: Ctrl +, Ctrl -\e[0m\n\n'
fi
