"""Words that say nothing of what a question is about, in English and Korean."""

_ENGLISH = """
a about above after again all also am an and any are aren't as at be because been before being below between both but by
can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else ever every few for
from further get give gives given had hadn't has hasn't have haven't having he her here hers herself him himself his how
however i if in into is isn't it it's its itself just let let's like many may me might more most much must my myself
neither no nor not of off on once one's only or other ought our ours ourselves out over own please same shall she should
shouldn't since so some such tell than that that's the their theirs them themselves then there there's these they this
those though through to too under until up upon us very was wasn't we were weren't what what's when where whether which
while who whom whose why will with within without won't would wouldn't you your yours yourself yourselves
does explain describe say says
"""
_KOREAN = """
것 것은 것을 것이 것인가 것인가요 그 그것 그리고 그런 그럼 나 나는 내 너 누가 누구 누구인가요 다른
대하여 대한 대해 대해서 되나요 되는 된 될 등 등의 때 때문에 또 또는 또한 많은 몇 모든 무슨 무엇
무엇을 무엇이 무엇인가 무엇인가요 무엇입니까 및 보다 뭐 뭐야 뭔가요 수 아니라 알려줘 알려주세요 얼마
얼마나 얼마인가요 어느 어디 어디서 어디에 어디에서 어디인가요 어떠한 어떤 어떻게 언제 언제인가요 왜 우리
위한 위해 의한 의해 이 이란 이런 이는 이유는 이다 인가 인가요 입니까 있나요 있는 있는가 있는지 있습니까
있어 있으며 있을 저 저는 제 좀 중 중에서 즉 통해 하고 하나요 하는 하는가 하는지 하며 하여 한 한다 할
합니까 해 해줘 했나요 설명해줘 설명하세요 따르면 따라 관한 관해 관련
"""

STOP_WORDS = frozenset((_ENGLISH + _KOREAN).split())
