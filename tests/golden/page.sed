# What a page is made of, a line each, without what its bytes are.
/^<style>/,/^<\/style>/d
s/<script>.*//
s/^<h([1-4])[^>]*>(.*)<\/h[1-4]>$/h\1 \2/
s/<span class="badge [a-z]*">([a-z]*)<\/span>/[\1]/
/^h[1-4] /p
s/^<table><caption>(.*)<\/caption>$/table \1/p
s/^<li class="[a-z]*"><span class="badge">([a-z]*)<\/span> <a href="(#[a-z0-9-]*)">(.*)<\/a><\/li>$/link \2 [\1] \3/p
s/^<details><summary>([^<]*)<\/summary>$/shut \1/p
s/^<svg aria-labelledby="([^"]*)".*viewBox="([^"]*)".*/picture \1 \2/p
s/^<p class="fine">(.*)<\/p>$/well \1/p
s/^<li class="(has|lacks)"><span[^>]*>.*<b>([^<]*)<.*/\1 \2/p
