#include <stdio.h>
/* 합계 */
static int sum(int a,
               int b)
{
    if (a) { return b; }
    return a;
}

struct point { int x; };

int main(void) {
    return 0;
}
