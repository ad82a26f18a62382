/* What a hostile program does to its terminal. Arguments: what, and for `type` the text. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int main(int count, char **argument) {
  const char *what = count > 1 ? argument[1] : "";
  if (!strcmp(what, "type")) {
    /* Where the kernel still allows it. */
    for (const char *text = argument[2]; *text; text++) ioctl(0, TIOCSTI, text);
  } else if (!strcmp(what, "nonblock")) {
    for (int fd = 0; fd < 3; fd++) fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND);
  } else if (!strcmp(what, "group")) {
    signal(SIGTTOU, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
      setpgid(0, 0);
      sleep(1);
      return 0;
    }
    setpgid(child, child);
    ioctl(0, TIOCSPGRP, &child);
  } else if (!strcmp(what, "exclusive")) {
    ioctl(0, TIOCEXCL);
  } else if (!strcmp(what, "modes")) {
    struct termios modes;
    struct winsize size = {40, 132, 0, 0};
    tcgetattr(0, &modes);
    modes.c_lflag &= ~(ECHO | ICANON | ISIG);
    modes.c_oflag &= ~OPOST;
    modes.c_iflag |= IUCLC;
    modes.c_cc[VINTR] = 'x';
    tcsetattr(0, TCSANOW, &modes);
    ioctl(0, TIOCSWINSZ, &size);
  } else {
    return 2;
  }
  return 0;
}
