# Read by every interactive shell. This file is yours to change.
case $- in *i*) ;; *) return ;; esac

HISTSIZE=10000
HISTFILESIZE=20000
HISTCONTROL=ignoreboth
shopt -s histappend checkwinsize

# Where one is, in colour; red when the last command failed.
PROMPT_DIRTRIM=3
PS1='\[\e[1;34m\]\w\[\e[0m\] $(s=$?; [ $s = 0 ] && echo "\[\e[1;36m\]" || echo "\[\e[1;31m\]")❯\[\e[0m\] '

# The window's title.
case $TERM in xterm* | tmux*) PS1='\[\e]0;\w\a\]'$PS1 ;; esac

eval "$(dircolors -b)"
alias ls='ls --color=auto' ll='ls -lh' la='ls -lhA' grep='grep --color=auto'

[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
