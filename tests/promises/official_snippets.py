"""Snippets as their vendors' documents give them, with made-up account numbers. Each is withheld until consent.

By catalogue id: the document, and what is pasted into the page. ``HOST`` stands for the site's own host of a self-hosted tool.
"""

from __future__ import annotations

from typing import Final

# ruff: noqa: E501
SNIPPETS: Final[dict[str, tuple[str, str]]] = {
    "google-tag-manager": (
        "https://developers.google.com/tag-platform/tag-manager/web",
        """<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':
new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src=
'https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
})(window,document,'script','dataLayer','GTM-XXXX');</script>""",
    ),
    "google-analytics": (
        "https://support.google.com/analytics/answer/9304153",
        """<script async src="https://www.googletagmanager.com/gtag/js?id=G-XXXX"></script>""",
    ),
    "google-analytics (gtag, inline)": (
        "https://developers.google.com/tag-platform/gtagjs",
        """<script>var s=document.createElement('script');s.async=true;s.src='https://www.googletagmanager.com/gtag/js?id=GT-XXXX';
document.head.appendChild(s);window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}gtag('js',new Date());</script>""",
    ),
    "google-analytics (analytics.js)": (
        "https://developers.google.com/analytics/devguides/collection/analyticsjs",
        """<script>(function(i,s,o,g,r,a,m){i['GoogleAnalyticsObject']=r;i[r]=i[r]||function(){
(i[r].q=i[r].q||[]).push(arguments)},i[r].l=1*new Date();a=s.createElement(o),
m=s.getElementsByTagName(o)[0];a.async=1;a.src=g;m.parentNode.insertBefore(a,m)
})(window,document,'script','https://www.google-analytics.com/analytics.js','ga');ga('create','UA-XXXXX-Y','auto');</script>""",
    ),
    "meta-pixel": (
        "https://developers.facebook.com/docs/meta-pixel/get-started",
        """<script>!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?
n.callMethod.apply(n,arguments):n.queue.push(arguments)};if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';
n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;s=b.getElementsByTagName(e)[0];
s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');
fbq('init','1');fbq('track','PageView');</script>""",
    ),
    "facebook": (
        "https://developers.facebook.com/docs/javascript/quickstart",
        """<script>window.fbAsyncInit=function(){FB.init({appId:'1',xfbml:true,version:'v20.0'});};
(function(d,s,id){var js,fjs=d.getElementsByTagName(s)[0];if(d.getElementById(id)){return;}js=d.createElement(s);js.id=id;
js.src="https://connect.facebook.net/fr_FR/sdk.js";fjs.parentNode.insertBefore(js,fjs);}(document,'script','facebook-jssdk'));</script>""",
    ),
    "matomo": (
        "https://developer.matomo.org/guides/tracking-javascript-guide",
        """<script>var _paq=window._paq=window._paq||[];_paq.push(['trackPageView']);(function(){var u="https://x.matomo.cloud/";
_paq.push(['setTrackerUrl',u+'matomo.php']);var d=document,g=d.createElement('script'),s=d.getElementsByTagName('script')[0];
g.async=true;g.src='https://cdn.matomo.cloud/x.matomo.cloud/matomo.js';s.parentNode.insertBefore(g,s);})();</script>""",
    ),
    "microsoft-clarity": (
        "https://learn.microsoft.com/en-us/clarity/setup-and-installation/clarity-setup",
        """<script>(function(c,l,a,r,i,t,y){c[a]=c[a]||function(){(c[a].q=c[a].q||[]).push(arguments)};
t=l.createElement(r);t.async=1;t.src="https://www.clarity.ms/tag/"+i;y=l.getElementsByTagName(r)[0];y.parentNode.insertBefore(t,y);
})(window,document,"clarity","script","xxxx");</script>""",
    ),
    "hotjar": (
        "https://help.hotjar.com/hc/en-us/articles/115011639927",
        """<script>(function(h,o,t,j,a,r){h.hj=h.hj||function(){(h.hj.q=h.hj.q||[]).push(arguments)};
h._hjSettings={hjid:1,hjsv:6};a=o.getElementsByTagName('head')[0];r=o.createElement('script');r.async=1;
r.src=t+h._hjSettings.hjid+j+h._hjSettings.hjsv;a.appendChild(r);})(window,document,'https://static.hotjar.com/c/hotjar-','.js?sv=');</script>""",
    ),
    "linkedin-insight": (
        "https://www.linkedin.com/help/lms/answer/a418880",
        """<script>_linkedin_partner_id="1";window._linkedin_data_partner_ids=window._linkedin_data_partner_ids||[];
window._linkedin_data_partner_ids.push(_linkedin_partner_id);</script><script>(function(l){if(!l){window.lintrk=function(a,b){window.lintrk.q.push([a,b])};
window.lintrk.q=[]}var s=document.getElementsByTagName("script")[0];var b=document.createElement("script");b.type="text/javascript";b.async=true;
b.src="https://snap.licdn.com/li.lms-analytics/insight.min.js";s.parentNode.insertBefore(b,s);})(window.lintrk);</script>""",
    ),
    "tiktok-pixel": (
        "https://ads.tiktok.com/help/article/get-started-pixel",
        """<script>!function(w,d,t){w.TiktokAnalyticsObject=t;var ttq=w[t]=w[t]||[];ttq.methods=["page","track"];
ttq.load=function(e,n){var r="https://analytics.tiktok.com/i18n/pixel/events.js";var i=document.createElement("script");i.async=!0;i.src=r+"?sdkid="+e+"&lib="+t;
var a=document.getElementsByTagName("script")[0];a.parentNode.insertBefore(i,a)};ttq.load('X');ttq.page();}(window,document,'ttq');</script>""",
    ),
    "microsoft-advertising": (
        "https://help.ads.microsoft.com/apex/index/3/en/56682",
        """<script>(function(w,d,t,r,u){var f,n,i;w[u]=w[u]||[],f=function(){var o={ti:"1",enableAutoSpaTracking:true};o.q=w[u],w[u]=new UET(o),w[u].push("pageLoad")},
n=d.createElement(t),n.src=r,n.async=1,n.onload=f,i=d.getElementsByTagName(t)[0],i.parentNode.insertBefore(n,i)})(window,document,"script","//bat.bing.com/bat.js","uetq");</script>""",
    ),
    "pinterest-tag": (
        "https://help.pinterest.com/en/business/article/install-the-pinterest-tag",
        """<script>!function(e){if(!window.pintrk){window.pintrk=function(){window.pintrk.queue.push(Array.prototype.slice.call(arguments))};
var n=window.pintrk;n.queue=[],n.version="3.0";var t=document.createElement("script");t.async=!0,t.src=e;
var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r)}}("https://s.pinimg.com/ct/core.js");pintrk('load','1');</script>""",
    ),
    "snapchat-pixel": (
        "https://businesshelp.snapchat.com/s/article/pixel-website-install",
        """<script>(function(e,t,n){if(e.snaptr)return;var a=e.snaptr=function(){a.handleRequest?a.handleRequest.apply(a,arguments):a.queue.push(arguments)};
a.queue=[];var s='script';r=t.createElement(s);r.async=!0;r.src=n;var u=t.getElementsByTagName(s)[0];u.parentNode.insertBefore(r,u);
})(window,document,'https://sc-static.net/scevent.min.js');snaptr('init','x');</script>""",
    ),
    "x-ads": (
        "https://business.x.com/en/help/campaign-measurement-and-analytics/conversion-tracking-for-websites",
        """<script>!function(e,t,n,s,u,a){e.twq||(s=e.twq=function(){s.exe?s.exe.apply(s,arguments):s.queue.push(arguments);},s.version='1.1',s.queue=[],
u=t.createElement(n),u.async=!0,u.src='https://static.ads-twitter.com/uwt.js',a=t.getElementsByTagName(n)[0],a.parentNode.insertBefore(u,a))}(window,document,'script');twq('config','x');</script>""",
    ),
    "reddit-pixel": (
        "https://business.reddithelp.com/s/article/Install-the-Reddit-Pixel-on-your-website",
        """<script>!function(w,d){if(!w.rdt){var p=w.rdt=function(){p.sendEvent?p.sendEvent.apply(p,arguments):p.callQueue.push(arguments)};p.callQueue=[];
var t=d.createElement("script");t.src="https://www.redditstatic.com/ads/pixel.js",t.async=!0;var s=d.getElementsByTagName("script")[0];s.parentNode.insertBefore(t,s)}}(window,document);rdt('init','x');</script>""",
    ),
    "segment": (
        "https://segment.com/docs/connections/sources/catalog/libraries/website/javascript/quickstart/",
        """<script>!function(){var i="analytics",analytics=window[i]=window[i]||[];if(!analytics.initialize){analytics.load=function(key,n){var t=document.createElement("script");
t.type="text/javascript";t.async=!0;t.src="https://cdn.segment.com/analytics.js/v1/"+key+"/analytics.min.js";var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r)};
analytics.load("x");analytics.page();}}();</script>""",
    ),
    "mixpanel": (
        "https://docs.mixpanel.com/docs/tracking-methods/sdks/javascript",
        """<script>(function(f,b){if(!b.__SV){var e,g,i,h;window.mixpanel=b;b._i=[];b.init=function(e,f,c){b._i.push([e,f,c])};b.__SV=1.2;
e=f.createElement("script");e.type="text/javascript";e.async=!0;e.src="https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js";
g=f.getElementsByTagName("script")[0];g.parentNode.insertBefore(e,g)}})(document,window.mixpanel||[]);mixpanel.init('x');</script>""",
    ),
    "amplitude": (
        "https://amplitude.com/docs/sdks/analytics/browser/browser-sdk-2",
        """<script src="https://cdn.amplitude.com/libs/analytics-browser-2.11.1-min.js.gz"></script>""",
    ),
    "posthog": (
        "https://posthog.com/docs/libraries/js",
        """<script>!function(t,e){var o,n,p,r;e.__SV||(window.posthog=e,e._i=[],e.init=function(i,s,a){(p=t.createElement("script")).type="text/javascript",p.crossOrigin="anonymous",
p.async=!0,p.src=s.api_host.replace(".i.posthog.com","-assets.i.posthog.com")+"/static/array.js",(r=t.getElementsByTagName("script")[0]).parentNode.insertBefore(p,r)},e.__SV=1)}
(document,window.posthog||[]);posthog.init('phc_x',{api_host:'https://eu.i.posthog.com'})</script>""",
    ),
    "plausible": (
        "https://plausible.io/docs/plausible-script",
        """<script defer data-domain="x.example" src="https://plausible.io/js/script.js"></script>""",
    ),
    "hubspot": (
        "https://knowledge.hubspot.com/reports/install-the-hubspot-tracking-code",
        """<script id="hs-script-loader" async defer src="//js.hs-scripts.com/1.js"></script>""",
    ),
    "intercom": (
        "https://developers.intercom.com/installing-intercom/web/installation",
        """<script>(function(){var w=window;var ic=w.Intercom;if(typeof ic==="function"){ic('update',w.intercomSettings);}else{var d=document;var i=function(){i.c(arguments);};i.q=[];
i.c=function(args){i.q.push(args);};w.Intercom=i;var l=function(){var s=d.createElement('script');s.type='text/javascript';s.async=true;s.src='https://widget.intercom.io/widget/x';
var x=d.getElementsByTagName('script')[0];x.parentNode.insertBefore(s,x);};l();}})();</script>""",
    ),
    "zendesk": (
        "https://developer.zendesk.com/documentation/classic-web-widget-sdks/web-widget/getting-started/embed/",
        """<script id="ze-snippet" src="https://static.zdassets.com/ekr/snippet.js?key=x"></script>""",
    ),
    "crisp": (
        "https://docs.crisp.chat/guides/chatbox-sdks/web-sdk/",
        """<script>window.$crisp=[];window.CRISP_WEBSITE_ID="x";(function(){d=document;s=d.createElement("script");s.src="https://client.crisp.chat/l.js";s.async=1;d.getElementsByTagName("head")[0].appendChild(s);})();</script>""",
    ),
    "tawk-to": (
        "https://help.tawk.to/article/adding-a-widget-to-your-website",
        """<script>var Tawk_API=Tawk_API||{},Tawk_LoadStart=new Date();(function(){var s1=document.createElement("script"),s0=document.getElementsByTagName("script")[0];
s1.async=true;s1.src='https://embed.tawk.to/x/default';s1.charset='UTF-8';s0.parentNode.insertBefore(s1,s0);})();</script>""",
    ),
    "tidio": (
        "https://help.tidio.com/hc/en-us/articles/5447929397916",
        """<script src="//code.tidio.co/x.js" async></script>""",
    ),
    "livechat": (
        "https://platform.text.com/docs/extending-chat-widget/javascript-api",
        """<script>window.__lc=window.__lc||{};window.__lc.license=1;(function(n,t,c){function i(n){return e._h?e._h.apply(null,n):e._q.push(n)}var e={_q:[],init:function(){
var n=t.createElement("script");n.async=!0,n.type="text/javascript",n.src="https://cdn.livechatinc.com/tracking.js",t.head.appendChild(n)}};!n.__lc.asyncInit&&e.init(),n.LiveChatWidget=n.LiveChatWidget||e}(window,document,[].slice))</script>""",
    ),
    "smartsupp": (
        "https://docs.smartsupp.com/chat-box/overview/",
        """<script>var _smartsupp=_smartsupp||{};_smartsupp.key='x';window.smartsupp||(function(d){var s,c,o=smartsupp=function(){o._.push(arguments)};o._=[];
s=d.getElementsByTagName('script')[0];c=d.createElement('script');c.type='text/javascript';c.async=true;c.src='https://www.smartsuppchat.com/loader.js?';s.parentNode.insertBefore(c,s);})(document);</script>""",
    ),
    "jivochat": (
        "https://www.jivochat.com/help/instructions/",
        """<script src="//code.jivosite.com/widget/x" async></script>""",
    ),
    "klaviyo": (
        "https://developers.klaviyo.com/en/docs/javascript_api",
        """<script async src="https://static.klaviyo.com/onsite/js/x/klaviyo.js"></script>""",
    ),
    "mailchimp": (
        "https://mailchimp.com/help/about-connected-sites/",
        """<script id="mcjs">!function(c,h,i,m,p){m=c.createElement(h),p=c.getElementsByTagName(h)[0],m.async=1,m.src=i,p.parentNode.insertBefore(m,p)}(document,"script","https://chimpstatic.com/mcjs-connected/js/users/x/y.js");</script>""",
    ),
    "mailerlite": (
        "https://developers.mailerlite.com/",
        """<script>(function(w,d,e,u,f,l,n){w[f]=w[f]||function(){(w[f].q=w[f].q||[]).push(arguments);},l=d.createElement(e),l.async=1,l.src=u,n=d.getElementsByTagName(e)[0],n.parentNode.insertBefore(l,n);})
(window,document,'script','https://assets.mailerlite.com/js/universal.js','ml');ml('account','1');</script>""",
    ),
    "brevo": (
        "https://developers.brevo.com/docs/getting-started-with-brevo-js",
        """<script src="https://cdn.brevo.com/js/sdk-loader.js" async></script>""",
    ),
    "active-campaign": (
        "https://help.activecampaign.com/hc/en-us/articles/221542267",
        """<script>(function(e,t,o,n,p,r,i){e.visitorGlobalObjectAlias=n;e[e.visitorGlobalObjectAlias]=e[e.visitorGlobalObjectAlias]||function(){(e[e.visitorGlobalObjectAlias].q=e[e.visitorGlobalObjectAlias].q||[]).push(arguments)};
r=t.createElement("script");r.src=o;r.async=true;i=t.getElementsByTagName("script")[0];i.parentNode.insertBefore(r,i)})(window,document,"https://diffuser-cdn.app-us1.com/diffuser/diffuser.js","vgo");vgo('setAccount','1');</script>""",
    ),
    "onesignal": (
        "https://documentation.onesignal.com/docs/web-sdk-setup",
        """<script src="https://cdn.onesignal.com/sdks/web/v16/OneSignalSDK.page.js" defer></script>""",
    ),
    "criteo": (
        "https://help.criteo.com/kb/guide/en/onetag",
        """<script src="//dynamic.criteo.com/js/ld/ld.js?a=1" async="true"></script>""",
    ),
    "taboola": (
        "https://developers.taboola.com/taboola-pixel/docs",
        """<script>window._tfa=window._tfa||[];window._tfa.push({notify:'event',name:'page_view',id:1});!function(t,f,a,x){if(!document.getElementById(x)){t.async=1;t.src=a;t.id=x;f.parentNode.insertBefore(t,f);}}
(document.createElement('script'),document.getElementsByTagName('script')[0],'//cdn.taboola.com/libtrc/unip/1/tfa.js','tb_tfa_script');</script>""",
    ),
    "outbrain": (
        "https://www.outbrain.com/help/advertisers/outbrain-pixel/",
        """<script>!function(_window,_document){var OB_ADV_ID='x';if(_window.obApi){return;}var api=_window.obApi=function(){api.queue.push(arguments);};api.queue=[];
var tag=_document.createElement('script');tag.async=true;tag.src='//amplify.outbrain.com/cp/obtp.js';var script=_document.getElementsByTagName('script')[0];script.parentNode.insertBefore(tag,script);}(window,document);obApi('track','PAGE_VIEW');</script>""",
    ),
    "google-campaign-manager (AdSense)": (
        "https://support.google.com/adsense/answer/9274634",
        """<script async src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js?client=ca-pub-1" crossorigin="anonymous"></script>""",
    ),
    "at-internet": (
        "https://developers.atinternet-solutions.com/piano-analytics/data-collection/sdks/javascript",
        """<script async src="https://tag.aticdn.net/piano-analytics.js"></script>""",
    ),
    "adobe-analytics": (
        "https://experienceleague.adobe.com/en/docs/experience-platform/tags/publish/environments/embed-code",
        """<script src="https://assets.adobedtm.com/launch-x.min.js" async></script>""",
    ),
    "yandex-metrica": (
        "https://yandex.com/support/metrica/code/counter-initialize.html",
        """<script>(function(m,e,t,r,i,k,a){m[i]=m[i]||function(){(m[i].a=m[i].a||[]).push(arguments)};m[i].l=1*new Date();k=e.createElement(t),a=e.getElementsByTagName(t)[0],k.async=1,k.src=r,a.parentNode.insertBefore(k,a)})
(window,document,"script","https://mc.yandex.ru/metrika/tag.js","ym");ym(1,"init",{clickmap:true});</script>""",
    ),
    "cloudflare-web-analytics": (
        "https://developers.cloudflare.com/web-analytics/get-started/",
        """<script defer src='https://static.cloudflareinsights.com/beacon.min.js' data-cf-beacon='{"token":"x"}'></script>""",
    ),
    "new-relic": (
        "https://docs.newrelic.com/docs/browser/browser-monitoring/installation/install-browser-monitoring-agent/",
        """<script src="https://js-agent.newrelic.com/nr-loader-spa-1.260.0.min.js"></script>""",
    ),
    "sentry": (
        "https://docs.sentry.io/platforms/javascript/install/loader/",
        """<script src="https://js.sentry-cdn.com/x.min.js" crossorigin="anonymous"></script>""",
    ),
    "datadog-rum": (
        "https://docs.datadoghq.com/real_user_monitoring/browser/setup/client/",
        """<script>(function(h,o,u,n,d){h=h[d]=h[d]||{q:[],onReady:function(c){h.q.push(c)}};d=o.createElement(u);d.async=1;d.src=n;n=o.getElementsByTagName(u)[0];n.parentNode.insertBefore(d,n)
})(window,document,'script','https://www.datadoghq-browser-agent.com/eu1/v5/datadog-rum.js','DD_RUM')</script>""",
    ),
    "heap": (
        "https://developers.heap.io/docs/web",
        """<script>window.heapReadyCb=window.heapReadyCb||[],window.heap=window.heap||[],heap.load=function(e,t){window.heap.envId=e;var r=document.createElement("script");r.type="text/javascript",r.async=!0,
r.src="https://cdn.us.heap-api.com/config/"+e+"/heap_config.js";var a=document.getElementsByTagName("script")[0];a.parentNode.insertBefore(r,a)};heap.load("1");</script>""",
    ),
    "fullstory": (
        "https://help.fullstory.com/hc/en-us/articles/360020828273",
        """<script>window['_fs_host']='fullstory.com';window['_fs_script']='edge.fullstory.com/s/fs.js';window['_fs_org']='x';window['_fs_namespace']='FS';(function(m,n,e,t,l,o,g,y){g=m[e]=function(a,b,s){g.q?g.q.push([a,b,s]):g._api(a,b,s);};g.q=[];
o=n.createElement(t);o.async=1;o.crossOrigin='anonymous';o.src='https://'+_fs_script;y=n.getElementsByTagName(t)[0];y.parentNode.insertBefore(o,y);})(window,document,window['_fs_namespace'],'script','user');</script>""",
    ),
    "contentsquare": (
        "https://docs.contentsquare.com/en/web/",
        """<script>(function(){window._uxa=window._uxa||[];if(typeof CS_CONF==='undefined'){var mt=document.createElement("script");mt.type="text/javascript";mt.async=true;mt.src="//t.contentsquare.net/uxa/x.js";
document.getElementsByTagName("head")[0].appendChild(mt);}})();</script>""",
    ),
    "vwo": (
        "https://help.vwo.com/hc/en-us/articles/360021171954",
        """<script id="vwoCode">window._vwo_code||(function(){var account_id=1,version=2.1,d=document,code={load:function(e){var s=d.createElement('script');s.src=e;d.head.appendChild(s)},
init:function(){this.load('https://dev.visualwebsiteoptimizer.com/j.php?a='+account_id+'&u='+encodeURIComponent(document.URL))}};window._vwo_code=code;code.init();})();</script>""",
    ),
    "ab-tasty": (
        "https://docs.abtasty.com/client-side/implementation/tag",
        """<script>(function(i,s,o,g,r,a,m){i[r]=i[r]||[];i["abtiming"]=1*new Date();a=s.createElement(o),m=s.getElementsByTagName(o)[0];a.async=1;a.src=g;m.parentNode.insertBefore(a,m);})
(window,document,"script","//try.abtasty.com/x.js","ABTasty");</script>""",
    ),
    "optimizely": (
        "https://support.optimizely.com/hc/en-us/articles/4410284311309",
        """<script src="https://cdn.optimizely.com/js/1.js"></script>""",
    ),
    "youtube": (
        "https://developers.google.com/youtube/iframe_api_reference",
        """<script>var tag=document.createElement('script');tag.src="https://www.youtube.com/iframe_api";var firstScriptTag=document.getElementsByTagName('script')[0];firstScriptTag.parentNode.insertBefore(tag,firstScriptTag);
var player;function onYouTubeIframeAPIReady(){player=new YT.Player('player',{videoId:'x'});}</script>""",
    ),
    "x-twitter": (
        "https://developer.x.com/en/docs/x-for-websites/javascript-api/guides/set-up-x-for-websites",
        """<script>window.twttr=(function(d,s,id){var js,fjs=d.getElementsByTagName(s)[0],t=window.twttr||{};if(d.getElementById(id))return t;js=d.createElement(s);js.id=id;js.src="https://platform.twitter.com/widgets.js";
fjs.parentNode.insertBefore(js,fjs);t._e=[];t.ready=function(f){t._e.push(f);};return t;}(document,"script","twitter-wjs"));</script>""",
    ),
    "disqus": (
        "https://help.disqus.com/en/articles/1717112-universal-embed-code",
        """<script>var disqus_config=function(){this.page.url='x';};(function(){var d=document,s=d.createElement('script');s.src='https://example.disqus.com/embed.js';s.setAttribute('data-timestamp',+new Date());(d.head||d.body).appendChild(s);})();</script>""",
    ),
    "google-maps": (
        "https://developers.google.com/maps/documentation/javascript/load-maps-js-api",
        """<script async src="https://maps.googleapis.com/maps/api/js?key=x&callback=initMap"></script>""",
    ),
    "google-recaptcha": (
        "https://developers.google.com/recaptcha/docs/display",
        """<script src="https://www.google.com/recaptcha/api.js" async defer></script>""",
    ),
    "stripe": ("https://docs.stripe.com/js/including", """<script src="https://js.stripe.com/v3/"></script>"""),
    "trustpilot": (
        "https://support.trustpilot.com/hc/en-us/articles/115011421468",
        """<script src="//widget.trustpilot.com/bootstrap/v5/tp.widget.bootstrap.min.js" async></script>""",
    ),
    "google-fonts": (
        "https://developers.google.com/fonts/docs/getting_started",
        """<link rel="stylesheet" href="https://fonts.googleapis.com/css2?family=Roboto&display=swap">""",
    ),
    "kit": (
        "https://help.kit.com/en/articles/2502591",
        """<script async data-uid="x" src="https://example.ck.page/x/index.js"></script>""",
    ),
    "font-awesome": (
        "https://docs.fontawesome.com/web/setup/use-kit",
        """<script src="https://kit.fontawesome.com/x.js" crossorigin="anonymous"></script>""",
    ),
    "awin": (
        "https://wiki.awin.com/index.php/Advertiser_Tracking_Guide",
        """<script defer src="https://www.dwin1.com/1.js"></script>""",
    ),
}
OWN_HOSTS: Final[dict[str, tuple[str, str]]] = {
    "matomo": (
        "https://developer.matomo.org/guides/tracking-javascript-guide",
        """<script>var _paq=window._paq=window._paq||[];_paq.push(['trackPageView']);(function(){var u="//HOST/";
_paq.push(['setTrackerUrl',u+'matomo.php']);var d=document,g=d.createElement('script'),s=d.getElementsByTagName('script')[0];g.async=true;g.src=u+'matomo.js';s.parentNode.insertBefore(g,s);})();</script>""",
    ),
    "google-tag-manager": (
        "https://developers.google.com/tag-platform/tag-manager/server-side/dependency-serving",
        """<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';
j.async=true;j.src='https://HOST/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);})(window,document,'script','dataLayer','GTM-XXXX');</script>""",
    ),
    "posthog": (
        "https://posthog.com/docs/advanced/proxy",
        """<script>!function(t,e){var o,n,p,r;e.__SV||(window.posthog=e,e._i=[],e.init=function(i,s,a){(p=t.createElement("script")).async=!0,p.src=s.api_host+"/static/array.js",
(r=t.getElementsByTagName("script")[0]).parentNode.insertBefore(p,r)},e.__SV=1)}(document,window.posthog||[]);posthog.init('phc_x',{api_host:'https://HOST'})</script>""",
    ),
    "snowplow": (
        "https://docs.snowplow.io/docs/sources/trackers/web-trackers/quick-start-guide/",
        """<script>;(function(p,l,o,w,i,n,g){if(!p[i]){p.GlobalSnowplowNamespace=p.GlobalSnowplowNamespace||[];p.GlobalSnowplowNamespace.push(i);p[i]=function(){(p[i].q=p[i].q||[]).push(arguments)};p[i].q=p[i].q||[];
n=l.createElement(o);g=l.getElementsByTagName(o)[0];n.async=1;n.src=w;g.parentNode.insertBefore(n,g)}}(window,document,"script","https://HOST/sp.js","snowplow"));</script>""",
    ),
    "piwik-pro": (
        "https://developers.piwik.pro/docs/javascript-tracking-client",
        """<script>(function(window,document,dataLayerName,id){window[dataLayerName]=window[dataLayerName]||[],window[dataLayerName].push({start:(new Date).getTime(),event:"stg.start"});
var scripts=document.getElementsByTagName('script')[0],tags=document.createElement('script');tags.async=!0,tags.src="https://HOST/containers/"+id+".js",scripts.parentNode.insertBefore(tags,scripts);})(window,document,'dataLayer','x');</script>""",
    ),
    "mautic": (
        "https://docs.mautic.org/en/5.x/contacts/contact_monitoring.html",
        """<script>(function(w,d,t,u,n,a,m){w['MauticTrackingObject']=n;w[n]=w[n]||function(){(w[n].q=w[n].q||[]).push(arguments)},a=d.createElement(t),m=d.getElementsByTagName(t)[0];a.async=1;a.src=u;m.parentNode.insertBefore(a,m)
})(window,document,'script','https://HOST/mtc.js','mt');mt('send','pageview');</script>""",
    ),
    "open-web-analytics": (
        "https://github.com/Open-Web-Analytics/Open-Web-Analytics/wiki/Tracking-Websites",
        """<script>var owa_baseUrl='https://HOST/owa/';var owa_cmds=owa_cmds||[];owa_cmds.push(['trackPageView']);(function(){var _owa=document.createElement('script');_owa.async=true;
_owa.src=owa_baseUrl+'modules/base/dist/owa.tracker.js';var _owa_s=document.getElementsByTagName('script')[0];_owa_s.parentNode.insertBefore(_owa,_owa_s);}());</script>""",
    ),
    "plausible": (
        "https://plausible.io/docs/proxy/introduction",
        """<script defer data-domain="x.example" src="https://HOST/js/script.js"></script>""",
    ),
    "umami": (
        "https://umami.is/docs/collect-data",
        """<script defer src="https://HOST/script.js" data-website-id="x"></script>""",
    ),
}
